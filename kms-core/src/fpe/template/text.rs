//! Templates as text. A text says all parameters, those too that were not given: it is what keys are derived from, so a
//! default never changes what a written text means.

use super::account::{self, Iban};
use super::address::Email;
use super::digits::{Digits, Luhn};
use super::range::{Form, Range};
use super::uuid::Uuid;
use super::{Kind, Layout, Template};
use crate::fpe::Alphabet;
use crate::fpe::fault::TemplateError;

/// A data type that a template can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateType {
    /// Its name.
    pub name: &'static str,
    /// Its parameters with their defaults; those without one have to be given.
    pub parameters: &'static str,
    /// What it does.
    pub about: &'static str,
    /// A text that is a template.
    pub example: &'static str,
}

/// All data types.
pub const TEMPLATE_TYPES: &[TemplateType] = &[
    of(
        "pan",
        "bin=6,last=0,luhn=keep|break|ignore,length=13-19",
        "card number; the first `bin` and the last `last` digits are kept, spaces and dashes too. `keep`: the token passes the Luhn check; `break`: it never does",
        "pan:bin=6,last=4,luhn=ignore,length=16",
    ),
    of(
        "ssn",
        "",
        "US social security number: nine digits, dashes and spaces are kept",
        "ssn",
    ),
    of(
        "phone",
        "keep=1,length=8-15",
        "phone number: the first `keep` digits are kept, and + ( ) - . / and spaces",
        "phone:keep=2",
    ),
    of(
        "digits",
        "first=0,last=0,length=6-32",
        "digits; the first and the last ones are kept, spaces, dashes, dots and slashes too",
        "digits:first=2,last=2,length=12",
    ),
    of(
        "email",
        "",
        "e-mail address: lower-case letters and digits of the local part are encrypted, at least four; the domain is kept",
        "email",
    ),
    of(
        "iban",
        "keep=0[,length=N]",
        "IBAN: country and the first `keep` characters of the account are kept, check digits are computed anew",
        "iban:keep=8,length=22",
    ),
    of("uuid", "", "UUID: version and variant are kept", "uuid"),
    of(
        "date",
        "from,to",
        "date YYYY-MM-DD in a range",
        "date:from=0001-01-01,to=9999-12-31",
    ),
    of(
        "datetime",
        "from,to",
        "time YYYY-MM-DDThh:mm:ss in a range; a space for T and a Z at the end are kept",
        "datetime:from=1900-01-01T00:00:00,to=2099-12-31T23:59:59",
    ),
    of("integer", "min,max", "integer in a range", "integer:min=1,max=99999999"),
    of(
        "decimal",
        "min,max",
        "decimal in a range, with as many digits after the point as its bounds",
        "decimal:min=0.00,max=99999.99",
    ),
    of(
        "text",
        "alphabet,least",
        "all of a text, over an alphabet, at least `least` symbols",
        "text:alphabet=alphanumeric,least=4",
    ),
    of(
        "regex",
        "",
        "a pattern whose groups ( ) are encrypted; regex@ALPHABET: over an alphabet; regex@=COUNT:SYMBOLS: over one's own",
        "regex@alphanumeric-upper:([A-Z]\\d{6})",
    ),
];

const fn of(name: &'static str, parameters: &'static str, about: &'static str, example: &'static str) -> TemplateType {
    TemplateType {
        name,
        parameters,
        about,
        example,
    }
}

pub(super) fn of_pattern(pattern: &str, alphabet: Option<&Alphabet>) -> String {
    match alphabet {
        None => format!("regex:{pattern}"),
        Some(own) if own.name() == "custom" => {
            let symbols: String = own.symbols().iter().collect();
            format!("regex@={}:{symbols}:{pattern}", own.radix())
        }
        Some(named) => format!("regex@{}:{pattern}", named.name()),
    }
}

pub(super) fn parse(text: &str) -> Result<Template, TemplateError> {
    if let Some(rest) = text.strip_prefix("regex@=") {
        return own_alphabet(rest);
    }
    if let Some(rest) = text.strip_prefix("regex@") {
        let (name, pattern) = rest.split_once(':').ok_or(TemplateError::Missing("pattern"))?;
        return Template::pattern(pattern, Some(&Alphabet::named(name)?));
    }
    if let Some(pattern) = text.strip_prefix("regex:") {
        return Template::pattern(pattern, None);
    }
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let mut parameters = Parameters::split(rest)?;
    let template = typed(name, &mut parameters)?;
    match parameters.0.first() {
        Some((name, _)) => Err(TemplateError::Parameter((*name).to_owned())),
        None => Ok(template),
    }
}

/// `regex@=COUNT:SYMBOLS:PATTERN`: the count says where the symbols end, among which may be colons.
fn own_alphabet(rest: &str) -> Result<Template, TemplateError> {
    let wrong = || TemplateError::Value("alphabet");
    let (count, rest) = rest.split_once(':').ok_or_else(wrong)?;
    let count: usize = count.parse().map_err(|_| wrong())?;
    let (end, _) = rest.char_indices().nth(count).ok_or_else(wrong)?;
    let (symbols, pattern) = rest.split_at(end);
    let pattern = pattern.strip_prefix(':').ok_or_else(wrong)?;
    Template::pattern(pattern, Some(&Alphabet::custom(symbols)?))
}

fn typed(name: &str, parameters: &mut Parameters<'_>) -> Result<Template, TemplateError> {
    match name {
        "pan" => pan(parameters),
        "ssn" => digits("ssn".to_owned(), 0, 0, (9, 9), " -"),
        "phone" => {
            let (keep, length) = (parameters.number("keep", 1)?, parameters.length((8, 15))?);
            let text = format!("phone:keep={keep},length={}", span(length));
            digits(text, keep, 0, length, " +-().,/")
        }
        "digits" => {
            let (first, last) = (parameters.number("first", 0)?, parameters.number("last", 0)?);
            let length = parameters.length((6, 32))?;
            let text = format!("digits:first={first},last={last},length={}", span(length));
            digits(text, first, last, length, " -./")
        }
        "email" => Ok(made(Kind::Email, Email::layout()?, "email".to_owned())),
        "iban" => iban(parameters),
        "uuid" => Ok(made(Kind::Uuid, Uuid::layout()?, "uuid".to_owned())),
        "date" => range(name, Form::Date, parameters, ["from", "to"]),
        "datetime" => range(name, Form::DateTime, parameters, ["from", "to"]),
        "integer" => range(name, Form::Integer, parameters, ["min", "max"]),
        "decimal" => {
            let scale = |text: &str| text.split_once('.').map(|(_, fraction)| fraction.len());
            let scale = parameters
                .peek("min")
                .and_then(scale)
                .filter(|scale| (1..=18).contains(scale));
            let form = Form::Decimal(scale.ok_or(TemplateError::Value("min"))?);
            range(name, form, parameters, ["min", "max"])
        }
        "text" => {
            let alphabet = Alphabet::named(parameters.take("alphabet").ok_or(TemplateError::Missing("alphabet"))?)?;
            let least = parameters.needed("least")?;
            let pattern = format!("([\\s\\S]{{{least},}})");
            let template = Template::pattern(&pattern, Some(&alphabet))?;
            let text = format!("text:alphabet={},least={least}", alphabet.name());
            Ok(Template { text, ..template })
        }
        _ => Err(TemplateError::UnknownType),
    }
}

fn pan(parameters: &mut Parameters<'_>) -> Result<Template, TemplateError> {
    let (bin, last) = (parameters.number("bin", 6)?, parameters.number("last", 0)?);
    let (luhn, word) = match parameters.take("luhn") {
        None | Some("keep") => (Luhn::Keep, "keep"),
        Some("break") => (Luhn::Break, "break"),
        Some("ignore") => (Luhn::Ignore, "ignore"),
        Some(_) => return Err(TemplateError::Value("luhn")),
    };
    let length = parameters.length((13, 19))?;
    let digits = Digits {
        least: length.0,
        most: length.1,
        keep_first: bin,
        keep_last: last,
        luhn,
        separators: " -",
    };
    let text = format!("pan:bin={bin},last={last},luhn={word},length={}", span(length));
    Ok(made(Kind::Digits(digits), digits.layout()?, text))
}

fn digits(
    text: String,
    first: usize,
    last: usize,
    (least, most): (usize, usize),
    separators: &'static str,
) -> Result<Template, TemplateError> {
    let digits = Digits {
        least,
        most,
        keep_first: first,
        keep_last: last,
        luhn: Luhn::Ignore,
        separators,
    };
    Ok(made(Kind::Digits(digits), digits.layout()?, text))
}

fn iban(parameters: &mut Parameters<'_>) -> Result<Template, TemplateError> {
    let keep = parameters.number("keep", 0)?;
    let length = match parameters.take("length") {
        None => None,
        Some(text) => {
            let length = text
                .parse()
                .ok()
                .filter(|length| (account::SHORTEST..=account::LONGEST).contains(length));
            Some(length.ok_or(TemplateError::Value("length"))?)
        }
    };
    let iban = Iban { keep, length };
    let text = match length {
        Some(length) => format!("iban:keep={keep},length={length}"),
        None => format!("iban:keep={keep}"),
    };
    Ok(made(Kind::Iban(iban), iban.layout()?, text))
}

fn range(
    name: &str,
    form: Form,
    parameters: &mut Parameters<'_>,
    [first, last]: [&'static str; 2],
) -> Result<Template, TemplateError> {
    let from = parameters.take(first).ok_or(TemplateError::Missing(first))?;
    let to = parameters.take(last).ok_or(TemplateError::Missing(last))?;
    let range = Range::new(form, from, to)?;
    let written = |number| {
        let mut text = String::new();
        form.write(number, "", &mut text);
        text
    };
    let text = format!("{name}:{first}={},{last}={}", written(range.first), written(range.last));
    Ok(made(Kind::Range(range), Layout::new(Vec::new()), text))
}

fn made(kind: Kind, layout: Layout, text: String) -> Template {
    Template { kind, layout, text }
}

fn span((least, most): (usize, usize)) -> String {
    match least == most {
        true => least.to_string(),
        false => format!("{least}-{most}"),
    }
}

/// `NAME=VALUE` by name. What is asked for is taken away.
struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    fn split(text: &'a str) -> Result<Self, TemplateError> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let wrong = || TemplateError::Parameter(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(TemplateError::Parameter(name.to_owned()));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    fn peek(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(at).1)
    }

    fn number(&mut self, name: &'static str, default: usize) -> Result<usize, TemplateError> {
        let parsed = self
            .take(name)
            .map(|text| small(text).ok_or(TemplateError::Value(name)));
        parsed.unwrap_or(Ok(default))
    }

    fn needed(&mut self, name: &'static str) -> Result<usize, TemplateError> {
        let text = self.take(name).ok_or(TemplateError::Missing(name))?;
        small(text).ok_or(TemplateError::Value(name))
    }

    /// `N` or `N-M`.
    fn length(&mut self, default: (usize, usize)) -> Result<(usize, usize), TemplateError> {
        let Some(text) = self.take("length") else {
            return Ok(default);
        };
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        match (small(least), small(most)) {
            (Some(least), Some(most)) if least <= most => Ok((least, most)),
            _ => Err(TemplateError::Value("length")),
        }
    }
}

fn small(text: &str) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|number| *number <= crate::fpe::ff1::MAX_LENGTH)
}
