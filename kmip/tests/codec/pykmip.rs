//! PyKMIP, an implementation that we did not write: its bytes read and are written the same here, and its server
//! performs what our client asks.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bytes::Bytes;
use kmip::client::{Client, ClientError, Options};
use kmip::payload::{
    ActivateRequest, CreateRequest, DecryptRequest, DestroyRequest, EncryptRequest, GetAttributesRequest, GetRequest,
    LocateRequest, QueryRequest, RegisterRequest, RequestPayload, RevokeRequest,
};
use kmip::registry::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask, KeyFormatType, NameType, ObjectType, Operation,
    PaddingMethod, QueryFunction, ResultReason, RevocationReasonCode, SecretDataType, State, tag,
};
use kmip::ttlv::{Frame, Limits};
use kmip::{
    Attribute, AttributeId, AttributeReference, Attributes, CryptographicParameters, Data, KeyBlock, KeyMaterial,
    KeyValue, ManagedObject, Name, ProtocolVersion, RequestMessage, ResponseMessage, RevocationReason, Secret,
    SecretData, UniqueIdentifier, Unknown,
};
use zeroize::Zeroizing;

#[test]
fn messages_of_pykmip_are_read_and_written_the_same() {
    let Some(python) = python() else {
        println!("SKIPPED the messages of PyKMIP: no PyKMIP (`make test` installs it)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(python)
        .arg(peer())
        .arg("record")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut count = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let mut rewritten = rewritten(&path, &bytes);
        if rewritten.ends_with(&EMPTY_ATTRIBUTES) && !bytes.ends_with(&EMPTY_ATTRIBUTES) {
            // In 2.0 Locate must have Attributes (KMIP 2.1, 6.1.27). PyKMIP leaves them out; we read that and write them.
            let shorter = rewritten.len() - EMPTY_ATTRIBUTES.len();
            rewritten.truncate(shorter);
            LENGTHS.into_iter().for_each(|at| rewritten[at] -= 8);
        }
        assert_eq!(rewritten, bytes, "{}", path.display());
        count += 1;
    }
    println!("{count} messages of PyKMIP read and written the same");
    assert_eq!(
        format!("{count} messages recorded\n"),
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn the_server_of_pykmip_does_what_our_client_asks() {
    let Some(python) = python() else {
        println!("SKIPPED the server of PyKMIP: no PyKMIP (`make test` installs it)");
        return;
    };
    let mut peer = Peer::start(&python);
    let newest = Client::over(&mut peer, Options::default()).negotiate().unwrap();
    assert_eq!(newest, ProtocolVersion::V2_0, "what PyKMIP speaks");
    for version in ProtocolVersion::SUPPORTED
        .into_iter()
        .filter(|version| *version <= newest)
    {
        let options = Options {
            version,
            ..Options::default()
        };
        let mut client = Client::over(&mut peer, options);
        a_key_lives_and_dies(&mut client);
        a_secret_is_kept(&mut client);
        a_batch_is_answered(&mut client);
    }
}

fn a_key_lives_and_dies(client: &mut Client<&mut Peer>) {
    let key = format!("key of {}", client.version());
    let created = client.call(create(&key)).unwrap();
    let uid = || Some(created.unique_identifier.clone());
    let located = client.call(LocateRequest {
        attributes: Attributes::new().with(name(&key)),
        ..LocateRequest::default()
    });
    assert_eq!(
        located.unwrap().unique_identifier,
        std::slice::from_ref(&created.unique_identifier)
    );

    let got = client
        .call(GetRequest {
            unique_identifier: uid(),
            ..GetRequest::default()
        })
        .unwrap();
    let ManagedObject::SymmetricKey(key) = &got.object else {
        panic!("another object")
    };
    assert_eq!(key.key_block.cryptographic_length, Some(256));
    assert_eq!(material(&key.key_block).len(), 32);

    client
        .call(ActivateRequest {
            unique_identifier: uid(),
            ..ActivateRequest::default()
        })
        .unwrap();
    let state = AttributeReference(AttributeId::Standard(tag::STATE));
    let asked = GetAttributesRequest {
        unique_identifier: uid(),
        attribute_reference: vec![state],
        ..GetAttributesRequest::default()
    };
    assert_eq!(
        client.call(asked).unwrap().attributes.enumeration(),
        Some(State::ACTIVE)
    );
    if client.version() >= ProtocolVersion::V1_2 {
        it_encrypts(client, &created.unique_identifier);
    }
    let destroy = || DestroyRequest {
        unique_identifier: uid(),
        ..DestroyRequest::default()
    };
    let Err(ClientError::Refused { operation, reason, .. }) = client.call(destroy()) else {
        panic!("it is active")
    };
    assert_eq!(
        (operation, reason),
        (Operation::DESTROY, ResultReason::PERMISSION_DENIED)
    );
    let revoke = RevokeRequest {
        unique_identifier: uid(),
        revocation_reason: RevocationReason {
            revocation_reason_code: RevocationReasonCode::CESSATION_OF_OPERATION,
            revocation_message: None,
            unknown: Unknown::default(),
        },
        compromise_occurrence_date: None,
        unknown: Unknown::default(),
    };
    client.call(revoke).unwrap();
    client.call(destroy()).unwrap();
}

fn it_encrypts(client: &mut Client<&mut Peer>, uid: &UniqueIdentifier) {
    let parameters = || CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::CBC),
        padding_method: Some(PaddingMethod::PKCS5),
        cryptographic_algorithm: Some(CryptographicAlgorithm::AES),
        ..CryptographicParameters::default()
    };
    let iv = || Some(Bytes::from_static(&[7; 16]));
    let encrypt = EncryptRequest {
        unique_identifier: Some(uid.clone()),
        cryptographic_parameters: Some(parameters()),
        data: Some(Secret::from(Zeroizing::new(b"plaintext".to_vec())).into()),
        iv_counter_nonce: iv(),
        ..EncryptRequest::default()
    };
    let encrypted = client.call(encrypt).unwrap();
    let decrypt = DecryptRequest {
        unique_identifier: Some(uid.clone()),
        cryptographic_parameters: Some(parameters()),
        data: encrypted.data,
        iv_counter_nonce: iv(),
        ..DecryptRequest::default()
    };
    let Some(Data::Bytes(plaintext)) = client.call(decrypt).unwrap().data else {
        panic!("no plaintext")
    };
    assert_eq!(plaintext.expose()[..], *b"plaintext");
}

fn a_secret_is_kept(client: &mut Client<&mut Peer>) {
    let register = RegisterRequest {
        object_type: ObjectType::SECRET_DATA,
        attributes: Attributes::new().with(Attribute::mask(CryptographicUsageMask::DERIVE_KEY)),
        object: Some(ManagedObject::SecretData(SecretData {
            secret_data_type: SecretDataType::PASSWORD,
            key_block: KeyBlock::new(KeyFormatType::OPAQUE, Zeroizing::new(b"correct horse".to_vec()).into()),
            unknown: Unknown::default(),
        })),
        protection_storage_masks: None,
        unknown: Unknown::default(),
    };
    let uid = client.call(register).unwrap().unique_identifier;
    let got = client
        .call(GetRequest {
            unique_identifier: Some(uid),
            ..GetRequest::default()
        })
        .unwrap();
    let ManagedObject::SecretData(secret) = &got.object else {
        panic!("another object")
    };
    assert_eq!(material(&secret.key_block)[..], *b"correct horse");
}

/// Two items: the second fails, and each answer is found by the identifier of its item.
fn a_batch_is_answered(client: &mut Client<&mut Peer>) {
    let query = QueryRequest {
        query_function: vec![QueryFunction::QUERY_OPERATIONS],
        ..QueryRequest::default()
    };
    let get = GetRequest {
        unique_identifier: Some("none".into()),
        ..GetRequest::default()
    };
    let calls: [RequestPayload; 2] = [query.into(), get.into()];
    let request = RequestMessage::batch(client.version(), calls);
    let response = client.send(&request).unwrap();
    assert_eq!(response.items.len(), 2);
    for (asked, answered) in request.items.iter().zip(&response.items) {
        assert_eq!(asked.unique_batch_item_id, answered.unique_batch_item_id);
    }
    assert_eq!(response.items[0].result_reason, None);
    assert!(response.items[1].result_reason.is_some());
}

fn create(key: &str) -> CreateRequest {
    CreateRequest {
        object_type: ObjectType::SYMMETRIC_KEY,
        attributes: Attributes::new()
            .with(Attribute::enumeration(CryptographicAlgorithm::AES))
            .with(Attribute::standard(tag::CRYPTOGRAPHIC_LENGTH, 256))
            .with(Attribute::mask(
                CryptographicUsageMask::ENCRYPT | CryptographicUsageMask::DECRYPT,
            ))
            .with(name(key)),
        protection_storage_masks: None,
        unknown: Unknown::default(),
    }
}

fn name(name: &str) -> Attribute {
    let name = Name {
        name_value: name.into(),
        name_type: NameType::UNINTERPRETED_TEXT_STRING,
        unknown: Unknown::default(),
    };
    Attribute::standard(tag::NAME, name)
}

fn material(block: &KeyBlock) -> &Bytes {
    let Some(KeyValue::Plain(value)) = &block.key_value else {
        panic!("no key in the clear")
    };
    let KeyMaterial::Bytes(bytes) = &value.material else {
        panic!("no bytes")
    };
    bytes.expose()
}

const EMPTY_ATTRIBUTES: [u8; 8] = [0x42, 0x01, 0x25, 0x01, 0, 0, 0, 0];

/// The last byte of the lengths of the message, the item and the payload around them.
const LENGTHS: [usize; 3] = [7, 79, 103];

fn rewritten(path: &Path, bytes: &[u8]) -> Vec<u8> {
    let frame = Frame::from(bytes);
    let name = path.display();
    if path.extension().unwrap() == "request" {
        let request =
            RequestMessage::decode(&frame, &Limits::DEFAULT).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!format!("{request:?}").contains("Invalid"), "{name}: {request:?}");
        return request.encode().unwrap().to_vec();
    }
    let response = ResponseMessage::decode(&frame, &Limits::DEFAULT).unwrap_or_else(|error| panic!("{name}: {error}"));
    response.encode().unwrap().to_vec()
}

/// A process of PyKMIP, as a stream.
struct Peer {
    process: Child,
    requests: ChildStdin,
    responses: ChildStdout,
}

impl Peer {
    fn start(python: &Path) -> Self {
        let mut command = Command::new(python);
        command
            .arg(peer())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        Self {
            requests: process.stdin.take().unwrap(),
            responses: process.stdout.take().unwrap(),
            process,
        }
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.responses.read(buffer)
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.requests.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.requests.flush()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn python() -> Option<PathBuf> {
    let imports = |python: &PathBuf| {
        let imported = Command::new(python).args(["-c", "import kmip"]).output();
        imported.is_ok_and(|output| output.status.success())
    };
    [repository(".venv/bin/python"), "python3".into()]
        .into_iter()
        .find(imports)
}

fn peer() -> PathBuf {
    repository("tests/python/kmip/peer.py")
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
