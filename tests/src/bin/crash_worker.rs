//! The process that the crash tests kill: `crash_worker ROOT rounds|heal FIRST LAST`.

#[cfg(unix)]
fn main() -> keystrand_tests::site::Outcome<()> {
    use keystrand_tests::site::Site;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, action, first, last] = &arguments[..] else {
        return Err("crash_worker ROOT rounds|heal FIRST LAST".into());
    };
    let site = Site::new(root.as_ref()).open()?;
    match action.as_str() {
        "rounds" => {
            for generation in first.parse::<u64>()?..=last.parse()? {
                site.round(generation)?;
            }
        }
        "heal" => {
            site.heal()?;
        }
        other => return Err(format!("unknown action {other}").into()),
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() {}
