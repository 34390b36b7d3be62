//! `kmsctl fpe templates`.

use std::fmt;

use clap::Args;
use kms_core::fpe::{NAMED_ALPHABETS, TEMPLATE_TYPES};
use serde::Serialize;

use super::run::template;
use crate::App;
use crate::exit::Exit;
use crate::failure::Result;

/// List data types and alphabets, or check a template
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Templates {
    /// A template to check: its full text is shown, or why it is refused
    #[arg(value_name = "TEMPLATE")]
    template: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Listed {
    DataType {
        name: &'static str,
        parameters: &'static str,
        about: &'static str,
        example: &'static str,
    },
    Alphabet {
        name: &'static str,
        radix: usize,
        symbols: &'static str,
    },
    Template {
        template: String,
    },
}

impl Templates {
    pub(super) fn run(&self, app: &App) -> Result<Exit> {
        if let Some(text) = &self.template {
            let template = template(text)?.to_string();
            app.out.answer(&Listed::Template { template });
            return Ok(Exit::Done);
        }
        for data_type in TEMPLATE_TYPES {
            app.out.answer(&Listed::DataType {
                name: data_type.name,
                parameters: data_type.parameters,
                about: data_type.about,
                example: data_type.example,
            });
        }
        for alphabet in NAMED_ALPHABETS {
            app.out.answer(&Listed::Alphabet {
                name: alphabet.name,
                radix: alphabet.symbols.chars().count(),
                symbols: alphabet.symbols,
            });
        }
        Ok(Exit::Done)
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataType {
                name,
                parameters,
                about,
                example,
            } => {
                let colon = if parameters.is_empty() { "" } else { ":" };
                write!(f, "{name}{colon}{parameters}\n    {about}\n    such as  {example}")
            }
            Self::Alphabet { name, radix, symbols } => write!(f, "alphabet {name:<20} {radix:>3}  {symbols}"),
            Self::Template { template } => f.write_str(template),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  kmsctl fpe templates
  kmsctl fpe templates pan:bin=6
  kmsctl fpe templates 'regex:([A-Z]\\d{6})'";
