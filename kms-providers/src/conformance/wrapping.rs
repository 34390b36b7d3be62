//! Wrapping and unwrapping one secret.

use kms_core::{KekFault, Kem, Kind, Scheme, Suite, WrapMechanism, WrapParams, WrappedKey, caps};

use super::Verdict;
use super::run::{BOUND, Bound, Outcome, Run, checks, ensure, expect_fault, same};
use crate::uri::{KeyUri, UriScheme};

checks![
    what_is_wrapped_unwraps,
    every_secret_is_fresh,
    a_wrapped_key_fits_the_format,
    the_uri_is_the_key_without_its_version,
    a_wrong_binding_does_not_unwrap,
    a_tampered_wrapped_key_does_not_unwrap,
    a_wrapped_key_of_another_length_does_not_unwrap,
    another_key_does_not_unwrap,
    a_wrong_version_does_not_unwrap,
    wrong_parameters_do_not_unwrap,
    an_absent_key_is_not_found,
    a_foreign_uri_is_refused,
];

async fn what_is_wrapped_unwraps(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    for suite in Suite::ALL {
        for kind in [Kind::Message, Kind::Ticket, Kind::SealedSecret] {
            run.count(1);
            let mut bound = BOUND;
            (bound.domain.suite, bound.domain.kind) = (suite, kind);
            let generated = kek.generate(&bound.binding()).await?;
            let unwrapped = kek.unwrap(&generated.wrapped, &bound.binding()).await?;
            ensure!(
                same(&generated.secret, &unwrapped.secret),
                "{suite:?}, {kind:?}: another secret"
            );
        }
    }
    Ok(Verdict::Passed)
}

async fn every_secret_is_fresh(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let mut earlier = Vec::new();
    for _ in 0..run.harness.budget().min(32) {
        run.count(1);
        let generated = kek.generate(&BOUND.binding()).await?;
        ensure!(generated.secret.expose() != &[0; 32], "the secret is all zero");
        for (secret, w) in &earlier {
            ensure!(!same(secret, &generated.secret), "two wraps gave one secret");
            ensure!(*w != generated.wrapped.w, "two wraps gave one wrapped key");
        }
        earlier.push((generated.secret, generated.wrapped.w));
    }
    Ok(Verdict::Passed)
}

async fn a_wrapped_key_fits_the_format(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    ensure!(wrapped.w.len() <= caps::WRAPPED_KEY, "w has {} bytes", wrapped.w.len());
    let version_len = wrapped.version.as_ref().map_or(1, Vec::len);
    ensure!(
        (1..=caps::KEY_VERSION).contains(&version_len),
        "the version has {version_len} bytes"
    );
    let fits = match kek.scheme() {
        Scheme::WrapBound => wrapped.params == WrapParams::None,
        Scheme::Wrap => matches!(wrapped.params, WrapParams::Mechanism(_)),
        Scheme::Hpke => matches!(wrapped.params, WrapParams::Hpke { .. }),
        Scheme::Hybrid => matches!(wrapped.params, WrapParams::Hybrid { .. }),
        Scheme::Passphrase => matches!(wrapped.params, WrapParams::Passphrase { .. }) && wrapped.w.is_empty(),
    };
    ensure!(
        fits,
        "parameters and version do not belong to scheme {}",
        kek.scheme().name()
    );
    Ok(Verdict::Passed)
}

async fn the_uri_is_the_key_without_its_version(run: &Run<'_>) -> Outcome {
    let (uri, kek) = run.key().await?;
    run.count(1);
    ensure!(
        kek.uri() == uri.without_version().to_string(),
        "{} is not {uri}",
        kek.uri()
    );
    ensure!(
        KeyUri::parse(kek.uri()) == Ok(uri.without_version()),
        "{} does not parse to itself",
        kek.uri()
    );
    ensure!(run.provider().serves(&uri), "the provider does not serve its own key");
    Ok(Verdict::Passed)
}

async fn a_wrong_binding_does_not_unwrap(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    if kek.scheme() != Scheme::WrapBound {
        return Ok(Verdict::Skipped(
            "the service binds nothing; the envelope's seal does (see the envelope checks)",
        ));
    }
    let generated = kek.generate(&BOUND.binding()).await?;
    for wrong in wrong_bindings() {
        run.must_not_unwrap(&*kek, &generated.wrapped, &wrong, &generated.secret, "wrong binding")
            .await?;
    }
    Ok(Verdict::Passed)
}

/// One bit of the digest, which holds suite, kind, data-key id, context and key.
fn wrong_bindings() -> impl Iterator<Item = Bound> {
    [(0, 1), (15, 0x80), (31, 1), (31, 0x80)]
        .into_iter()
        .map(|(place, bit)| {
            let mut wrong = BOUND;
            wrong.digest[place] ^= bit;
            wrong
        })
}

async fn a_tampered_wrapped_key_does_not_unwrap(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let generated = kek.generate(&BOUND.binding()).await?;
    let length = generated.wrapped.w.len();
    let step = (length * 8).div_ceil(run.harness.budget().max(1)).max(1);
    for bit in (0..length * 8).step_by(step) {
        let mut tampered = generated.wrapped.clone();
        tampered.w[bit >> 3] ^= 1 << (bit & 7);
        run.must_not_unwrap(
            &*kek,
            &tampered,
            &BOUND,
            &generated.secret,
            format_args!("bit {bit} of w"),
        )
        .await?;
    }
    Ok(Verdict::Passed)
}

async fn a_wrapped_key_of_another_length_does_not_unwrap(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let generated = kek.generate(&BOUND.binding()).await?;
    let length = generated.wrapped.w.len();
    let lengths = (0..length).chain([length + 1, length + 8, length * 2, caps::WRAPPED_KEY]);
    let step = length.div_ceil(run.harness.budget().max(1)).max(1);
    for other in lengths.step_by(step).filter(|&other| other != length) {
        let mut resized = generated.wrapped.clone();
        resized.w.resize(other, 0);
        run.must_not_unwrap(
            &*kek,
            &resized,
            &BOUND,
            &generated.secret,
            format_args!("w of {other} bytes"),
        )
        .await?;
    }
    Ok(Verdict::Passed)
}

async fn another_key_does_not_unwrap(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let (_, other) = run.key().await?;
    ensure!(kek.uri() != other.uri(), "the harness gave one key twice");
    let generated = kek.generate(&BOUND.binding()).await?;
    run.must_not_unwrap(&*other, &generated.wrapped, &BOUND, &generated.secret, "another key")
        .await?;
    Ok(Verdict::Passed)
}

async fn a_wrong_version_does_not_unwrap(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let generated = kek.generate(&BOUND.binding()).await?;
    let Some(version) = generated.wrapped.version.clone() else {
        return Ok(Verdict::Skipped("this provider does not tell key versions"));
    };
    let long = vec![b'9'; caps::KEY_VERSION];
    let wrong: [&[u8]; 12] = [
        b"",
        b"0",
        b"00",
        b"-1",
        b"+1",
        b" 1",
        b"1 ",
        b"4294967295",
        b"4294967296",
        b"\xff\xfe",
        b"../1",
        &long,
    ];
    for wrong in wrong.into_iter().filter(|&wrong| wrong != version) {
        let wrapped = WrappedKey {
            version: Some(wrong.to_vec()),
            ..generated.wrapped.clone()
        };
        run.must_not_unwrap(
            &*kek,
            &wrapped,
            &BOUND,
            &generated.secret,
            format_args!("version {wrong:?}"),
        )
        .await?;
    }
    Ok(Verdict::Passed)
}

async fn wrong_parameters_do_not_unwrap(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    let generated = kek.generate(&BOUND.binding()).await?;
    let others = [
        WrapParams::None,
        WrapParams::Mechanism(WrapMechanism::AesKw),
        WrapParams::Mechanism(WrapMechanism::AesKwp),
        WrapParams::Mechanism(WrapMechanism::RsaOaep256),
        WrapParams::Hpke { kem: Kem::P384 },
    ];
    for params in others.into_iter().filter(|params| *params != generated.wrapped.params) {
        let wrapped = WrappedKey {
            params,
            ..generated.wrapped.clone()
        };
        run.must_not_unwrap(
            &*kek,
            &wrapped,
            &BOUND,
            &generated.secret,
            "parameters of another scheme",
        )
        .await?;
    }
    Ok(Verdict::Passed)
}

async fn an_absent_key_is_not_found(run: &Run<'_>) -> Outcome {
    let (uri, kek) = run.key().await?;
    let wrapped = run.round_trip(&*kek).await?;
    let Some(absent) = absent_sibling(&uri) else {
        return Ok(Verdict::Skipped("no name of an absent key is known for this kind"));
    };
    let absent = run.provider().kek(&absent)?;
    run.count(3);
    let faults = [KekFault::NotFound, KekFault::Denied];
    expect_fault(
        absent.generate(&BOUND.binding()).await,
        &faults,
        "wrapping under an absent key",
    )?;
    expect_fault(
        absent.unwrap(&wrapped, &BOUND.binding()).await,
        &faults,
        "unwrapping under an absent key",
    )?;
    expect_fault(absent.describe().await, &faults, "describing an absent key")?;
    Ok(Verdict::Passed)
}

/// A key beside `uri` that does not exist.
fn absent_sibling(uri: &KeyUri) -> Option<KeyUri> {
    let text = uri.without_version().to_string();
    let (parent, name) = text.rsplit_once('/')?;
    let absent: String = match uri.scheme() {
        UriScheme::AwsKms => "00000000-0000-4000-8000-000000000000".into(),
        UriScheme::Local | UriScheme::Memory => "conformance-absent".into(),
        // What a name ends in may tell what kind of key it is.
        _ => format!("absent-{name}"),
    };
    KeyUri::parse(&format!("{parent}/{absent}")).ok()
}

async fn a_foreign_uri_is_refused(run: &Run<'_>) -> Outcome {
    let foreign = [
        "local://k",
        "memory://k",
        "kmip://host.example/k",
        "hpke:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ];
    for uri in foreign {
        let uri = KeyUri::parse(uri).map_err(|e| super::run::Failure(e.to_string()))?;
        if uri.scheme_name() == run.provider().kind() {
            continue;
        }
        run.count(1);
        ensure!(!run.provider().serves(&uri), "it claims to serve {uri}");
        expect_fault(
            run.provider().kek(&uri),
            &[KekFault::Unsupported],
            format_args!("a handle to {uri}"),
        )?;
    }
    Ok(Verdict::Passed)
}
