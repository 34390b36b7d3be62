//! Writes what the benches measured on this machine into docs/performance.md.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let text = std::fs::read_to_string(&page)?;
    let (Some(start), Some(end)) = (text.find(START), text.find(END)) else {
        return Err(std::io::Error::other("docs/performance.md has lost its markers"));
    };
    let measured = setup::summary::markdown();
    let text = [&text[..start + START.len()], "\n", &measured, &text[end..]].concat();
    std::fs::write(page, text)
}

const START: &str = "<!-- measured: made by `make bench` -->";
const END: &str = "<!-- end of measured -->";
