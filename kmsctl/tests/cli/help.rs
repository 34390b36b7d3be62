use std::fs;

use clap::CommandFactory;
use kmsctl::args::Cli;

use super::support::{Home, repository};

/// Every command that does something: its words, and what stands below its options.
fn commands() -> Vec<(Vec<String>, String)> {
    fn walk(command: &clap::Command, words: &[String], found: &mut Vec<(Vec<String>, String)>) {
        for inner in command.get_subcommands() {
            let words = [words, &[inner.get_name().to_owned()]].concat();
            if inner.has_subcommands() {
                walk(inner, &words, found);
            } else {
                let below = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
                found.push((words, below));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Cli::command(), &[], &mut found);
    found
}

#[test]
fn the_grammar_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_help_with_examples_that_parse() {
    let home = Home::none();
    assert!(commands().len() >= 20);
    for (words, below) in commands() {
        let arguments: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        assert!(home.ok(&arguments).contains("Examples:"), "{words:?}");
        let lines: Vec<_> = below.lines().filter(|line| line.contains("kmsctl")).collect();
        assert!(!lines.is_empty(), "{words:?}");
        for line in lines {
            parses(line);
        }
    }
}

/// Takes an example apart as a shell would, as far as examples go: pipes, redirections and what stands after two spaces.
fn parses(line: &str) {
    let start = line.find("kmsctl").unwrap();
    let command = line[start..].split(" | ").next().unwrap().split(" > ").next().unwrap();
    let command = command
        .split(" && ")
        .next()
        .unwrap()
        .split(" < ")
        .next()
        .unwrap()
        .split("  ")
        .next()
        .unwrap();
    let words: Vec<_> = command
        .trim_end_matches(')')
        .split_whitespace()
        .map(|word| word.trim_matches('\''))
        .collect();
    if words.iter().any(|word| word.starts_with("$(")) {
        return;
    }
    // An example may name keys that cannot be written out in full.
    let words = words
        .into_iter()
        .map(|word| match word.contains('…') && word.contains("://") {
            true => "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/1",
            false => word,
        });
    let parsed = <Cli as clap::Parser>::try_parse_from(words);
    if let Err(error) = parsed {
        panic!("{line}\n{error}");
    }
}

#[test]
fn the_overview_is_as_it_was() {
    let home = Home::none();
    let path = repository("kmsctl/tests/snapshots/help.txt");
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        home.ok(&["--help"]),
        expected,
        "if the change is meant, write it to {}",
        path.display()
    );
}

#[test]
fn man_pages_and_completions_come_from_the_same_place() {
    let home = Home::none();
    home.ok(&["man", "pages"]);
    let pages = fs::read_dir(home.path("pages")).unwrap().count();
    assert!(pages > commands().len(), "{pages} pages");
    let page = fs::read_to_string(home.path("pages/kmsctl-key-destroy.1")).unwrap();
    assert!(
        page.contains("waiting period") || page.contains("Waiting period"),
        "{page}"
    );
    assert!(home.ok(&["man"]).contains(".TH kmsctl"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(home.ok(&["completions", shell]).contains("rewrap"), "{shell}");
    }
    assert_eq!(home.run(&["completions", "tcsh"]).code, 2);
    assert!(home.ok(&["--version"]).starts_with("kmsctl "));
}
