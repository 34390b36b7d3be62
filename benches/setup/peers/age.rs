//! age: X25519 recipient, ChaCha20-Poly1305 in 64 KiB chunks. It has no symmetric recipient and no data-key cache, so
//! each message costs it two scalar multiplications.

use std::io::{Read, Write, sink};

use age::x25519::Identity;
use age::{Decryptor, Encryptor, Recipient};

/// One X25519 key.
pub struct Age(Identity);

impl Default for Age {
    fn default() -> Self {
        Self(Identity::generate())
    }
}

impl Age {
    /// Seals into a sink.
    pub fn seal_away(&self, plaintext: &[u8]) {
        self.seal_to(plaintext, sink());
    }

    /// Seals into a new buffer.
    pub fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
        self.seal_to(
            plaintext,
            Vec::with_capacity(plaintext.len() + plaintext.len() / 4096 + 1024),
        )
    }

    fn seal_to<W: Write>(&self, plaintext: &[u8], out: W) -> W {
        let recipient = self.0.to_public();
        let recipients = std::iter::once(&recipient as &dyn Recipient);
        let mut writer = Encryptor::with_recipients(recipients)
            .and_then(|encryptor| Ok(encryptor.wrap_output(out)?))
            .expect("one recipient, a writer that does not fail");
        writer.write_all(plaintext).expect("the writer does not fail");
        writer.finish().expect("the writer does not fail")
    }

    /// Opens into `out`, which is as long as the plaintext.
    pub fn open(&self, sealed: &[u8], out: &mut [u8]) {
        let decryptor = Decryptor::new_buffered(sealed).expect("sealed by the same key");
        let mut reader = decryptor
            .decrypt(std::iter::once(&self.0 as &dyn age::Identity))
            .expect("sealed by the same key");
        reader.read_exact(out).expect("as long as the plaintext");
        assert_eq!(reader.read(&mut [0]).expect("authentic to the end"), 0);
    }
}
