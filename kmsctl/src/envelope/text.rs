//! An envelope's header for people.

use std::fmt::{self, Display, Formatter};

use super::recipient::{MemberView, ParamsView, RecipientView};
use super::view::{EnvelopeView, LabelView, PayloadView};
use crate::printable::{Printable, count};

impl Display for EnvelopeView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Printable(&self.file))?;
        let Self {
            kind, suite, layout, ..
        } = self;
        row(f, "what", format_args!("{kind}, {suite}, {layout}"))?;
        row(
            f,
            "posture",
            self.posture.unwrap_or("unknown: a recipient is of an unknown scheme"),
        )?;
        if let Some(name) = &self.key_name {
            row(f, "key name", Printable(name))?;
        }
        self.context_rows(f)?;
        for recipient in &self.recipients {
            recipient_rows(f, recipient)?;
        }
        self.floor_row(f)?;
        row(f, "sequence", self.sequence)?;
        row(
            f,
            "header",
            format_args!("{} bytes, {} of them spare", self.header.bytes, self.header.padding),
        )?;
        if let Some(payload) = &self.payload {
            payload_row(f, payload)?;
        }
        row(f, "message id", &self.message_id)?;
        row(f, "data key id", &self.dek_id)
    }
}

impl EnvelopeView {
    fn context_rows(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.context {
            row(f, "context", format_args!("{}={}", Printable(name), Printable(value)))?;
        }
        for name in &self.external_context {
            row(
                f,
                "context",
                format_args!("{}=… is not stored: give it to open", Printable(name)),
            )?;
        }
        for (name, value) in &self.labels {
            match value {
                LabelView::Text(text) => row(f, "label", format_args!("{}={}", Printable(name), Printable(text)))?,
                LabelView::Bytes { hex } => row(f, "label", format_args!("{}=hex:{hex}", Printable(name)))?,
            }
        }
        Ok(())
    }

    fn floor_row(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.floor.posture, self.floor.quorum) {
            (None, None) => Ok(()),
            (Some(posture), None) => row(f, "floor", format_args!("every recipient at least {posture}")),
            (None, Some(least)) => row(f, "floor", format_args!("only quorums of at least {least}")),
            (Some(posture), Some(least)) => row(
                f,
                "floor",
                format_args!("only quorums of at least {least}, each at least {posture}"),
            ),
        }
    }
}

fn recipient_rows(f: &mut Formatter<'_>, recipient: &RecipientView) -> fmt::Result {
    match recipient {
        RecipientView::Single { level, member } => {
            let only = if *level == "message" { ", this message only" } else { "" };
            row(f, "opens alone", format_args!("{}{only}", Member(member)))
        }
        RecipientView::Quorum { threshold, members, .. } => {
            row(
                f,
                "quorum",
                format_args!("{threshold} of these {} open together", members.len()),
            )?;
            members.iter().try_for_each(|member| row(f, "", Member(member)))
        }
        RecipientView::Unknown { scheme_number } => row(
            f,
            "unknown",
            format_args!("scheme {scheme_number}: a newer version may know it"),
        ),
    }
}

struct Member<'a>(&'a MemberView);

impl Display for Member<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(member) = self;
        match (&member.key, &member.hint) {
            (Some(key), _) => write!(f, "{}", Printable(key))?,
            (None, Some(hint)) => write!(f, "hidden ({hint})")?,
            (None, None) => {}
        }
        if let Some(version) = &member.version {
            write!(f, ", version {version}")?;
        }
        match member.params.as_deref() {
            Some(ParamsView::Hpke { kem_name, .. }) => write!(f, ", {} ({kem_name})", member.scheme)?,
            Some(ParamsView::Hybrid { kem_name, .. }) => {
                write!(f, ", {} with ", member.scheme)?;
                Second(member).fmt(f)?;
                write!(f, " ({kem_name})")?;
            }
            _ => write!(f, ", {}", member.scheme)?,
        }
        write!(f, ", {}", member.posture)?;
        match member.share_version {
            Some(moved @ 1..) => write!(f, ", share moved {moved}×"),
            _ => Ok(()),
        }
    }
}

/// The post-quantum key of a hybrid.
struct Second<'a>(&'a MemberView);

impl Display for Second<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(ParamsView::Hybrid {
            pq_key,
            pq_hint,
            pq_version,
            ..
        }) = self.0.params.as_deref()
        else {
            return Ok(());
        };
        match (pq_key, pq_hint) {
            (Some(key), _) => write!(f, "{}", Printable(key))?,
            (None, Some(hint)) => write!(f, "hidden ({hint})")?,
            (None, None) => {}
        }
        match pq_version {
            Some(version) => write!(f, ", version {version}"),
            None => Ok(()),
        }
    }
}

fn payload_row(f: &mut Formatter<'_>, payload: &PayloadView) -> fmt::Result {
    let what = match payload.state {
        "present" => format!(
            "{} in {}, {} of plaintext",
            count(payload.bytes, "byte"),
            count(payload.chunks.unwrap_or_default(), "chunk"),
            count(payload.plaintext_bytes.unwrap_or_default(), "byte")
        ),
        "missing" => format!("missing; expected at {}", Printable(&payload.file)),
        "other-payload" => "belongs to another header: it will not open".to_owned(),
        _ => format!("{} bytes: cut or extended, it will not open", payload.bytes),
    };
    row(f, "payload", what)
}

fn row(f: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "  {name:<12} {value}")
}
