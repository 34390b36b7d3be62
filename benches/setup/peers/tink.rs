//! tink-rust: AES-256-GCM-HKDF in segments of 1 MiB, the largest of its templates.

use std::io::{Cursor, Read, Write, sink};
use std::sync::Arc;

use tink_core::StreamingAead;
use tink_proto::HashType;
use tink_streaming_aead::subtle::AesGcmHkdf;

/// One streaming key.
pub struct Tink(AesGcmHkdf);

impl Default for Tink {
    fn default() -> Self {
        let key = AesGcmHkdf::new(&[7; 32], HashType::Sha256, 32, 1 << 20, 0);
        Self(key.expect("parameters of the AES256_GCM_HKDF_1MB template"))
    }
}

impl Tink {
    /// Seals into a sink.
    pub fn seal_away(&self, plaintext: &[u8]) {
        self.seal_to(plaintext, Box::new(sink()));
    }

    /// Seals into a new buffer, to have something to open.
    pub fn seal(&self, plaintext: &[u8]) -> Arc<[u8]> {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.seal_to(plaintext, Box::new(Pieces(sender)));
        receiver.into_iter().flatten().collect()
    }

    fn seal_to(&self, plaintext: &[u8], out: Box<dyn Write>) {
        let mut writer = self
            .0
            .new_encrypting_writer(out, AAD)
            .expect("a writer that does not fail");
        writer.write_all(plaintext).expect("the writer does not fail");
        writer.close().expect("the writer does not fail");
    }

    /// Opens into `out`, which is as long as the plaintext.
    pub fn open(&self, sealed: &Arc<[u8]>, out: &mut [u8]) {
        let source = Box::new(Cursor::new(Arc::clone(sealed)));
        let mut reader = self
            .0
            .new_decrypting_reader(source, AAD)
            .expect("sealed by the same key");
        reader.read_exact(out).expect("as long as the plaintext");
        assert_eq!(reader.read(&mut [0]).expect("authentic to the end"), 0);
    }
}

/// Its writer must own what it writes to, so what was written comes back another way.
struct Pieces(std::sync::mpsc::Sender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.0.send(piece.to_vec()).map_err(std::io::Error::other)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const AAD: &[u8] = b"tenant=acme-0042,purpose=orders";
