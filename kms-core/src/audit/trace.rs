//! Correlation with the caller's distributed trace (W3C Trace Context, level 1).

use std::fmt;

use super::id::{from_hex, unique_bytes};

/// The trace that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The whole trace; not all zero.
    pub trace_id: [u8; 16],
    /// The caller's span within it, where known; not all zero.
    pub span_id: Option<[u8; 8]>,
}

impl TraceContext {
    /// A new trace, for a request that came without one. Unique, not secret.
    #[must_use]
    pub fn fresh() -> Self {
        let nanos = super::trail::unix_nanos(std::time::SystemTime::now());
        Self {
            trace_id: unique_bytes(nanos),
            span_id: None,
        }
    }

    /// Reads a `traceparent` header (3.2). A version above 00 may have more fields, which are ignored (3.2.4).
    #[must_use]
    pub fn from_traceparent(header: &str) -> Option<Self> {
        let mut fields = header.split('-');
        let [version] = from_hex::<1>(fields.next()?)?;
        let trace_id = from_hex(fields.next()?)?;
        let span_id = from_hex(fields.next()?)?;
        from_hex::<1>(fields.next()?)?;
        let rest_fits = version > 0 || fields.next().is_none();
        let valid = version != 0xff && rest_fits && trace_id != [0; 16] && span_id != [0; 8];
        valid.then_some(Self {
            trace_id,
            span_id: Some(span_id),
        })
    }
}

impl fmt::Display for TraceContext {
    /// The `traceparent` to send on; the span is all zero, and so not valid to send, where none is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = u128::from_be_bytes(self.trace_id);
        let span = u64::from_be_bytes(self.span_id.unwrap_or_default());
        write!(f, "00-{trace:032x}-{span:016x}-01")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of W3C Trace Context 3.2.2.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_recommendation_is_read_and_written() {
        let context = TraceContext::from_traceparent(EXAMPLE).unwrap();
        assert_eq!(context.trace_id[..2], [0x4b, 0xf9]);
        assert_eq!(context.span_id, Some([0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        assert_eq!(context.to_string(), EXAMPLE);
    }

    #[test]
    fn a_later_version_may_have_more_fields() {
        assert!(TraceContext::from_traceparent(&EXAMPLE.replacen("00", "cc", 1).replace("-01", "-01-more")).is_some());
    }

    #[test]
    fn invalid_headers_are_refused() {
        for wrong in [
            "",
            "00",
            &EXAMPLE[..52],
            &EXAMPLE.to_uppercase(),
            &EXAMPLE.replacen("00", "ff", 1),
            &format!("{EXAMPLE}-more"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(TraceContext::from_traceparent(wrong), None, "{wrong}");
        }
    }
}
