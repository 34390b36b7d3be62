use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{Home, KMSCTL, repository};

/// Runs every `$ ` line of every ```console block of a page, in order, in one folder. A line ends with `# exit N` where
/// it is to fail.
#[test]
fn every_command_of_the_page_runs() {
    run_page(&Home::none(), "docs/kmsctl.md", 30);
}

#[test]
fn every_command_of_the_page_on_inventories_runs() {
    run_page(&Home::none(), "docs/scan.md", 8);
}

#[cfg(feature = "pkcs11")]
#[test]
#[allow(clippy::print_stdout, reason = "who reads the tests is told what was skipped")]
fn every_command_of_the_page_on_hsms_runs() {
    if Path::new("/usr/lib/softhsm/libsofthsm2.so").exists() {
        run_page(&Home::none(), "docs/providers/pkcs11.md", 8);
    } else {
        println!("SKIPPED: no SoftHSM 2 here; apt install softhsm2");
    }
}

#[test]
fn every_command_of_the_page_on_grants_runs() {
    run_page(&Home::new(), "docs/akd.md", 12);
}

#[test]
fn every_command_of_the_page_on_views_runs() {
    run_page(&Home::new(), "docs/views.md", 15);
}

#[test]
fn every_command_of_the_page_on_tokens_runs() {
    run_page(&Home::none(), "docs/fpe.md", 12);
}

#[test]
fn every_command_of_the_page_on_availability_runs() {
    run_page(&Home::none(), "docs/availability.md", 10);
}

#[test]
fn every_command_of_the_page_on_messages_runs() {
    let home = super::messages::home_with_raw_key();
    home.file("data/message", super::messages::seal(&super::messages::sealer(), b"x"));
    fs::create_dir_all(home.path("out")).unwrap();
    run_page(&home, "docs/esdk.md", 5);
    assert_eq!(home.inspect("data/message")["format"], "KS1");
}

fn run_page(home: &Home, page: &str, least: usize) {
    let text = fs::read_to_string(repository(page)).unwrap();
    let folder = home.path("");
    fs::write(folder.join("report.csv"), "a,b\n1,2\n").unwrap();
    fs::create_dir_all(folder.join("data/sub")).unwrap();
    for name in ["data/one.txt", "data/sub/two.txt", "video.mp4"] {
        fs::write(folder.join(name), name.repeat(10_000)).unwrap();
    }
    for (name, content) in files(&text) {
        fs::write(folder.join(name), content).unwrap();
    }
    let mut ran = 0;
    for line in console_lines(&text) {
        let (command, expected) = line.split_once("# exit ").unwrap_or((line, "0"));
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(&folder)
            .env("PATH", path_with(Path::new(KMSCTL).parent().unwrap()))
            .env("HOME", &folder)
            .env("KEYSTRAND_HOME", home.dir())
            .output()
            .unwrap();
        let code = output.status.code().unwrap().to_string();
        assert_eq!(
            code,
            expected.trim(),
            "{line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        ran += 1;
    }
    assert!(ran >= least, "{page}: {ran} commands");
}

#[test]
fn the_exit_codes_of_the_page_are_those_of_the_table() {
    let text = fs::read_to_string(repository("docs/kmsctl.md")).unwrap();
    for exit in kmsctl::exit::Exit::ALL {
        assert!(text.contains(&format!("| {} |", exit.code())), "{exit:?}");
    }
}

/// Blocks that are headed by a language and a file's name, as ```toml views.toml.
fn files(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = text.split("\n```").filter_map(|block| block.split_once('\n'));
    blocks.filter_map(|(head, content)| Some((head.split_once(' ')?.1, content)).filter(|_| is_language(head)))
}

fn is_language(head: &str) -> bool {
    head.split(' ')
        .next()
        .is_some_and(|first| ["csv", "toml"].contains(&first))
}

fn console_lines(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ "))
}

fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}
