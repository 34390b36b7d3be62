//! Passphrases: from a file or from the terminal, never from the command line or the environment, where other
//! processes can read them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use kms_core::memory::SecretBytes;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// Whence a passphrase comes, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Passphrase<'a> {
    /// The file that holds it.
    pub file: Option<&'a Path>,
    /// What the terminal is asked for.
    pub prompt: &'a str,
    /// The option that names the file, for the failure without a terminal.
    pub option: &'a str,
}

impl Passphrase<'_> {
    /// The passphrase.
    ///
    /// # Errors
    /// When there is neither file nor terminal, or the passphrase is empty or too long.
    pub fn ask(&self) -> Result<SecretBytes> {
        match self.file {
            Some(file) => from_file(file),
            None => self.from_terminal(self.prompt).and_then(|text| usable(text.as_bytes())),
        }
    }

    /// A new passphrase: the terminal is asked twice.
    ///
    /// # Errors
    /// As [`Passphrase::ask`], and when the two differ.
    pub fn ask_new(&self) -> Result<SecretBytes> {
        if self.file.is_some() {
            return self.ask();
        }
        let first = self.ask()?;
        let second = self.from_terminal("The same again")?;
        if first.ct_eq(&SecretBytes::copy_of(second.as_bytes())) {
            Ok(first)
        } else {
            Err(Failure::usage("the two passphrases differ", "run the command again"))
        }
    }

    fn from_terminal(&self, prompt: &str) -> Result<Zeroizing<String>> {
        let asked = rpassword::prompt_password(format!("{prompt}: "));
        asked.map(Zeroizing::new).map_err(|_| {
            Failure::usage(
                "a passphrase is needed, and there is no terminal to ask",
                format!("name a file that holds it with {}", self.option),
            )
        })
    }
}

/// The whole file, but for one line end.
fn from_file(path: &Path) -> Result<SecretBytes> {
    let failed = |error: io::Error| Failure::io(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let mut buffer = Zeroizing::new([0; MAX_LEN + 3]);
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let text = &buffer[..length];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    usable(text.strip_suffix(b"\r").unwrap_or(text)).map_err(|failure| failure.at(path))
}

fn usable(passphrase: &[u8]) -> Result<SecretBytes> {
    match passphrase.len() {
        0 => Err(Failure::usage("the passphrase is empty", "give one of several words")),
        1..=MAX_LEN => Ok(SecretBytes::copy_of(passphrase)),
        _ => Err(Failure::usage(
            "the passphrase is longer than 1024 bytes",
            "is it the right file?",
        )),
    }
}

const MAX_LEN: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, content).unwrap();
        from_file(&path).map(|secret| secret.expose().to_vec())
    }

    #[test]
    fn a_file_is_taken_as_it_is_but_for_one_line_end() {
        for (content, passphrase) in [
            (&b"two words"[..], &b"two words"[..]),
            (b"two words\n", b"two words"),
            (b"two words\r\n", b"two words"),
            (b" spaces stay \n\n", b" spaces stay \n"),
        ] {
            assert_eq!(read(content).unwrap(), passphrase);
        }
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        for content in [
            vec![],
            b"\n".to_vec(),
            b"\r\n".to_vec(),
            vec![b'a'; 1025],
            vec![b'a'; 10_000],
        ] {
            assert!(read(&content).is_err(), "{} bytes", content.len());
        }
        assert_eq!(read(&[b'a'; 1024]).unwrap().len(), 1024);
        assert_eq!(read(&[&[b'a'; 1024][..], b"\r\n"].concat()).unwrap().len(), 1024);
    }
}
