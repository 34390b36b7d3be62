//! Messages as values, shaped like KMIP 2.1.
//!
//! ```text
//! message      request and response, headers, batch items
//! payload      one structure for each operation and direction; the enums over all of them
//! attributes   one list for TemplateAttribute, Attribute and Attributes
//! attribute    one attribute: standard or a vendor's, with its index in 1.x
//! named        attributes that are structures: names, links, digests, parameters
//! object, key  managed objects, key blocks, key material
//! credential   who asks
//! information  what a server says about itself; defaults, constraints, rights
//! identifier   unique identifiers and data, which 2.x also refers to
//! ```

mod attribute;
mod attributes;
mod credential;
mod identifier;
mod information;
mod key;
mod message;
mod named;
mod object;
pub mod payload;

pub use attribute::{Attribute, AttributeId, AttributeReference, AttributeValue};
pub use attributes::Attributes;
pub use credential::{
    AttestationCredential, Authentication, Credential, CredentialValue, DeviceCredential, HashedPasswordCredential,
    Nonce, OneTimePasswordCredential, Ticket, TicketCredential, UsernameAndPassword,
};
pub use identifier::{Data, UniqueIdentifier};
pub use information::{
    AsynchronousCorrelationValues, AsynchronousRequest, CapabilityInformation, Constraint, Constraints,
    DefaultsInformation, ExtensionInformation, ObjectDefaults, ObjectGroups, ObjectTypeList, Objects, Operations,
    ProfileInformation, ProfileVersion, ProtectionStorageMasks, Right, Rights, ServerInformation,
    ValidationInformation,
};
pub use key::{
    DhPrivateKey, DhPublicKey, DsaPrivateKey, DsaPublicKey, EcPrivateKey, EcPublicKey, KeyBlock, KeyInformation,
    KeyMaterial, KeyValue, KeyWrappingData, KeyWrappingSpecification, PlainKeyValue, RsaPrivateKey, RsaPublicKey,
    SymmetricKeyMaterial,
};
pub use message::{
    BatchCount, Invalid, Message, MessageExtension, RequestHeader, RequestItem, RequestMessage, ResponseHeader,
    ResponseItem, ResponseMessage,
};
pub use named::{
    AlternativeName, ApplicationSpecificInformation, CertificateIdentifier, CertificateIssuer, CertificateSubject,
    CryptographicDomainParameters, CryptographicParameters, Digest, KeyValueLocation, Link, Name, RevocationReason,
    RngParameters, RotateName, UsageLimits, X509CertificateIdentifier, X509CertificateIssuer, X509CertificateSubject,
};
pub(crate) use object::is_object;
pub use object::{
    Certificate, CertificateRequest, KeyObject, ManagedObject, OpaqueObject, PgpKey, SecretData, SplitKey, Template,
};
pub use payload::{Call, RequestPayload, ResponsePayload};
