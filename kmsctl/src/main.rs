//! kmsctl.
fn main() {}
