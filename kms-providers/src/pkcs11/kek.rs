//! Keys as KEKs.

use std::sync::Arc;

use async_trait::async_trait;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use kms_core::{
    Binding, Generated, Kek, KekError, KekFault, KekInfo, KekOperation, Posture, Scheme, Unwrapped, WrappedKey,
};

use super::attributes;
use super::calls::Repeat;
use super::fault::Fault;
use super::key::{KeyView, Version};
use super::mechanism::WrapBy;
use super::provider::Service;
use super::seat::At;
use super::target::{Class, Target};
use super::wrap;

/// A symmetric key of a token, or an RSA key pair.
pub(super) struct TokenKek {
    pub(super) service: Arc<Service>,
    pub(super) target: Target,
    pub(super) uri: String,
    pub(super) pinned: Option<String>,
    /// How the key protects W, as far as its token told when the handle was made.
    pub(super) by: WrapBy,
}

#[async_trait]
impl Kek for TokenKek {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn scheme(&self) -> Scheme {
        self.by.scheme()
    }

    fn posture(&self) -> Posture {
        self.by.posture()
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let (target, pinned, scheme) = (self.target.clone(), self.pinned.clone(), self.scheme());
        let (aad, weak) = (wrap::aad(binding), self.service.allows_weak());
        let wrapped = self.service.calls.call(Repeat::Safe, move |at| {
            let version = &KeyView::having(at, &target, |view| view.wrapping(pinned.as_deref(), weak))?;
            let by = as_promised(version.by(at)?, scheme)?;
            let secret = wrap::fresh(at)?;
            let w = wrap::protect(at, by, wrapping_half(at, &target, version)?, &secret, &aad)?;
            let version = version.text.clone().map(String::into_bytes);
            let params = by.params();
            Ok(Generated {
                secret,
                wrapped: WrappedKey { version, w, params },
                request_id: None,
            })
        });
        wrapped.await.map_err(|fault| self.error(KekOperation::Wrap, fault))
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let (target, scheme, wrapped) = (self.target.clone(), self.scheme(), wrapped.clone());
        let (aad, weak) = (wrap::aad(binding), self.service.allows_weak());
        let unwrapped = self.service.calls.call(Repeat::Safe, move |at| {
            let version = KeyView::having(at, &target, |view| view.unwrapping(wrapped.version.as_deref(), weak))?;
            let recorded = WrapBy::of_params(&wrapped.params).filter(|by| by.scheme() == scheme);
            let by = recorded.ok_or_else(|| Fault::new(KekFault::DoesNotUnwrap))?;
            // What the envelope records has to be what the key is for, be it padded key wrap or not.
            let own = version.by(at)?;
            if own != by && !(own.is_key_wrap() && by.is_key_wrap()) {
                return Err(Fault::new(KekFault::DoesNotUnwrap));
            }
            Ok(Unwrapped {
                secret: wrap::recover(at, by, version.handle, &wrapped.w, &aad)?,
                request_id: None,
            })
        });
        unwrapped.await.map_err(|fault| self.error(KekOperation::Unwrap, fault))
    }

    async fn describe(&self) -> Result<KekInfo, KekError> {
        let (target, pinned) = (self.target.clone(), self.pinned.clone());
        let region = self.service.token.settings.region.clone();
        let described = self.service.calls.call(Repeat::Safe, move |at| {
            let view = KeyView::of(at, &target)?;
            // A description says what is, whether it may be used or not.
            let version = match pinned.as_deref() {
                Some(pinned) => view.named(Some(pinned))?,
                None => view.primary().ok_or(KekFault::Destroyed)?,
            };
            let by = version.by(at)?;
            let mut info = describe(at, by.algorithm(), by.posture(), version);
            info.region.clone_from(&region);
            Ok(info)
        });
        described
            .await
            .map_err(|fault| self.error(KekOperation::Describe, fault))
    }
}

impl TokenKek {
    fn error(&self, operation: KekOperation, fault: KekFault) -> KekError {
        KekError::new(&self.uri, operation, fault)
    }
}

/// What is known of a version, with the attributes that tell where it has been.
pub(super) fn describe(at: &At<'_>, algorithm: &str, posture: Posture, version: &Version) -> KekInfo {
    let place = at.place;
    let facts = &version.facts;
    let origin = match (facts.local, facts.never_extractable) {
        (true, true) => "made in the token, never outside",
        (true, false) => "made in the token, was extractable",
        (false, _) => "imported",
    };
    let protection = format!(
        "{} ({} {}; {origin})",
        if place.is_hardware { "hsm" } else { "token" },
        place.manufacturer,
        place.model,
    );
    let text = version.text.clone().map(String::into_bytes);
    let mut info = KekInfo::new(algorithm, text, protection, posture, trust_domain(at));
    info.exportable = facts.extractable || !facts.sensitive;
    info
}

/// One device is one trust domain, however many keys of it agree.
fn trust_domain(at: &At<'_>) -> String {
    format!("pkcs11:{}/{}", at.place.manufacturer, at.place.serial)
}

/// The handle promised a scheme to the envelope; a key that was replaced meanwhile cannot keep it.
fn as_promised(by: WrapBy, scheme: Scheme) -> Result<WrapBy, Fault> {
    match by.scheme() == scheme {
        true => Ok(by),
        false => Err(Fault::new(KekFault::Unsupported)),
    }
}

/// The object that wraps: of a pair the public key.
fn wrapping_half(at: &At<'_>, target: &Target, version: &Version) -> Result<ObjectHandle, Fault> {
    match target.class {
        Class::Secret => Ok(version.handle),
        Class::Private => public_half(at, target, version),
    }
}

/// The public key that belongs to a version.
pub(super) fn public_half(at: &At<'_>, target: &Target, version: &Version) -> Result<ObjectHandle, Fault> {
    let mut template = target.template(ObjectClass::PUBLIC_KEY);
    if let Some(name) = &version.name {
        template.push(Attribute::Id(name.id()));
    }
    let found = attributes::find(at.session, &template)?;
    match found[..] {
        [only] => Ok(only),
        _ => Err(Fault::new(KekFault::NotFound)),
    }
}
