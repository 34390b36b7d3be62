//! What does a cloud provider add to a bare HTTP call, and what does one slow cloud cost?
//!
//! Both against the stand-in of AWS KMS on this machine's loopback, so that no network is measured. The first is
//! processor time of client and server together: what our client costs is the difference to the bare socket. The second
//! is time on the wall.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{Criterion, Throughput};
use keystrand_fakes::aws::{FakeKms, Fault};
use kms_core::crypto::CryptoBackend;
use kms_core::{Asking, Binding, Domain, Kek, Keyring, Kind, Opener, OpeningOrder, Sealer, Suite};
use kms_providers::aws::{AwsProvider, AwsSettings};
use kms_providers::{Provider, cloud};
use setup::run;
use tempfile::TempDir;

fn main() {
    setup::bench("cloud", overhead);
    let mut criterion = Criterion::default().configure_from_args();
    failover(&mut criterion);
    criterion.final_summary();
}

/// A stand-in, and a key in it.
struct Cloud {
    kms: FakeKms,
    kek: Arc<dyn Kek>,
    _credentials: TempDir,
}

impl Cloud {
    fn new(region: &str) -> Self {
        let credentials = tempfile::tempdir().expect("a temporary folder");
        let file = credentials.path().join("credentials");
        let text = "[default]\naws_access_key_id = AKIDBENCH\naws_secret_access_key = bench\n";
        std::fs::write(&file, text).expect("a file");
        let kms = FakeKms::start(region);
        let mut settings = AwsSettings::of_region(region);
        settings.endpoint = Some(kms.endpoint());
        settings.credentials_file = Some(file);
        settings.calls.attempts = 1;
        let provider = AwsProvider::new(settings, CryptoBackend::default()).expect("settings as documented");
        let lifecycle = provider.lifecycle().expect("AWS has a life cycle");
        let key = run(lifecycle.create(&"bench".parse().expect("a key name"))).expect("a new key");
        Self {
            kek: provider.kek(&key).expect("a key of this region"),
            kms,
            _credentials: credentials,
        }
    }
}

fn overhead(criterion: &mut setup::Criterion) {
    let cloud = Cloud::new("eu-west-1");
    let wrapped = run(cloud.kek.generate(&BINDING)).expect("the stand-in answers").wrapped;
    drop(cloud.kms.seen());
    run(cloud.kek.unwrap(&wrapped, &BINDING)).expect("the stand-in answers");
    let decrypt = cloud.kms.seen().pop().expect("one request").request;
    let mut group = criterion.benchmark_group("cloud-unwrap");
    group.throughput(Throughput::Elements(1));
    group.bench_function("provider", |bencher| {
        bencher.iter(|| run(cloud.kek.unwrap(&wrapped, &BINDING)).map(|unwrapped| unwrapped.request_id));
        drop(cloud.kms.seen());
    });
    group.bench_function("bare-http", |bencher| {
        let mut bare = Bare::new(&cloud.kms.endpoint(), &decrypt.headers, &decrypt.body);
        bencher.iter(|| bare.exchange());
        drop(cloud.kms.seen());
    });
    group.finish();
}

/// The same bytes over one socket, without signing, parsing or wiping anything.
struct Bare {
    stream: TcpStream,
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Bare {
    fn new(endpoint: &str, headers: &[(String, String)], body: &[u8]) -> Self {
        let stream = TcpStream::connect(endpoint.trim_start_matches("http://")).expect("the stand-in listens");
        stream.set_nodelay(true).expect("a socket");
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("POST / HTTP/1.1\r\n{headers}\r\n");
        Self {
            stream,
            request: [head.as_bytes(), body].concat(),
            reply: vec![0; 1 << 16],
        }
    }

    /// Bytes of the reply.
    fn exchange(&mut self) -> usize {
        self.stream.write_all(&self.request).expect("the stand-in listens");
        let mut length = 0;
        loop {
            length += self.stream.read(&mut self.reply[length..]).expect("the stand-in answers");
            let text = String::from_utf8_lossy(&self.reply[..length]);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let expected = head.split("content-length: ").nth(1).expect("a length");
            let expected: usize = expected.lines().next().and_then(|n| n.parse().ok()).expect("a number");
            if body.len() >= expected {
                return length;
            }
        }
    }
}

/// One of two clouds stays silent for half a second.
fn failover(criterion: &mut Criterion<WallTime>) {
    let clouds = [Cloud::new("eu-west-1"), Cloud::new("us-east-1")];
    let backend = CryptoBackend::default();
    let sealer = clouds.iter().fold(Sealer::new(backend.clone()), |sealer, cloud| {
        sealer.recipient(Arc::clone(&cloud.kek))
    });
    let envelope = run(sealer.seal(b"hello")).expect("both answer");
    let keyring: Keyring = clouds.iter().map(|cloud| Arc::clone(&cloud.kek)).collect();
    // A new order each time: what one open learns would have the next begin at the cloud that answers.
    let opener = |hedged: bool| {
        let order = OpeningOrder::new(|_| ASKING);
        let order = match hedged {
            true => order.hedged(cloud::timer(), Duration::from_millis(20)),
            false => order,
        };
        Opener::new(backend.clone(), keyring.clone()).order(Arc::new(order))
    };
    let mut group = criterion.benchmark_group("cloud-failover");
    group.sample_size(10).measurement_time(Duration::from_secs(6));
    let mut bench = |name: &str, slow: bool, hedged: bool| {
        if slow {
            clouds[0].kms.fail(100_000, &Fault::Silence(Duration::from_millis(500)));
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| run(opener(hedged).open(&envelope)).expect("one answers"));
        });
        clouds.iter().for_each(|cloud| drop(cloud.kms.seen()));
        clouds[0].kms.heal();
    };
    bench("both-answer", false, true);
    bench("one-slow-hedged", true, true);
    bench("one-slow-unhedged", true, false);
    group.finish();
}

const ASKING: Asking = Asking {
    cost: 1,
    typical: Duration::from_millis(1),
    person: false,
    hedged: true,
};

const BINDING: Binding<'static> = Binding {
    domain: Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Message,
    },
    digest: &[0xb1; 32],
    dek_id: &[0xd1; 16],
    exposed: &[],
};
