//! Who asks (KMIP 2.1, section 9.7 and Credential).

use bytes::Bytes;

use crate::registry::{
    AttestationType, CredentialType, HashingAlgorithm, TicketType,
    tag::{
        self, ATTESTATION_ASSERTION, ATTESTATION_MEASUREMENT, ATTESTATION_TYPE, CREDENTIAL, DEVICE_IDENTIFIER,
        DEVICE_SERIAL_NUMBER, HASHED_PASSWORD, HASHING_ALGORITHM, MACHINE_IDENTIFIER, MEDIA_IDENTIFIER,
        NETWORK_IDENTIFIER, NONCE, NONCE_ID, NONCE_VALUE, ONE_TIME_PASSWORD, PASSWORD, TICKET, TICKET_TYPE,
        TICKET_VALUE, TIME_STAMP, USERNAME,
    },
};
use crate::ttlv::{DecodeError, Item, RawItem, Tag, Writer};
use crate::value::{DateTimeExtended, Secret, Text};
use crate::version::ProtocolVersion;
use crate::wire::{Unknown, Wire, accept_once, at, structures};

/// A credential of some type.
#[derive(Debug)]
pub struct Credential {
    /// The type; it decides what the value is.
    pub credential_type: CredentialType,
    /// The value.
    pub value: CredentialValue,
    /// Fields that this crate does not know.
    pub unknown: Unknown,
}

impl Wire for Credential {
    fn decode(item: &Item<'_>) -> Result<Self, DecodeError> {
        let (mut kind, mut value) = (None, None);
        let mut unknown = Unknown::default();
        let mut fields = item.children()?;
        while let Some(field) = fields.next()? {
            match field.tag() {
                tag::CREDENTIAL_TYPE => accept_once(&mut kind, &field, CredentialType::decode)?,
                tag::CREDENTIAL_VALUE => accept_once(&mut value, &field, |field| Ok(*field))?,
                _ => unknown.keep(&field)?,
            }
        }
        let credential_type = kind.ok_or_else(|| item.missing(tag::CREDENTIAL_TYPE))?;
        let value: Item<'_> = value.ok_or_else(|| item.missing(tag::CREDENTIAL_VALUE))?;
        Ok(Self {
            credential_type,
            value: CredentialValue::decode(&value, credential_type)?,
            unknown,
        })
    }

    fn encode(&self, tag: Tag, out: &mut Writer, version: ProtocolVersion) {
        let open = out.begin(tag);
        self.credential_type.encode(tag::CREDENTIAL_TYPE, out, version);
        self.value.emit(out, version);
        self.unknown.emit(out);
        out.end(open);
    }
}

macro_rules! credentials {
    ($( $(#[$meta:meta])* $variant:ident($type:ident) = $credential:ident, )*) => {
        /// The value of a credential.
        #[derive(Debug)]
        pub enum CredentialValue {
            $( $(#[$meta])* $variant($type), )*
            /// One of a type that this crate does not know.
            Raw(RawItem),
        }

        impl CredentialValue {
            fn decode(item: &Item<'_>, kind: CredentialType) -> Result<Self, DecodeError> {
                match kind {
                    $( CredentialType::$credential => Wire::decode(item).map(Self::$variant), )*
                    _ => RawItem::decode(item).map(Self::Raw),
                }
            }

            fn emit(&self, out: &mut Writer, version: ProtocolVersion) {
                match self {
                    $( Self::$variant(value) => value.encode(tag::CREDENTIAL_VALUE, out, version), )*
                    Self::Raw(raw) => out.raw(tag::CREDENTIAL_VALUE, raw),
                }
            }
        }
    };
}

credentials! {
    /// A user.
    UsernameAndPassword(UsernameAndPassword) = USERNAME_AND_PASSWORD,
    /// A device; from 1.1.
    Device(DeviceCredential) = DEVICE,
    /// A measured platform; from 1.2.
    Attestation(AttestationCredential) = ATTESTATION,
    /// A user with a second factor; from 2.0.
    OneTimePassword(OneTimePasswordCredential) = ONE_TIME_PASSWORD,
    /// A user who does not show the password; from 2.0.
    HashedPassword(HashedPasswordCredential) = HASHED_PASSWORD,
    /// Who logged in before; from 2.0.
    Ticket(TicketCredential) = TICKET,
}

structures! {
    /// The credentials of a request.
    Authentication {
        /// 1.0 and 1.1 have one.
        credential: Vec<Credential> = at(CREDENTIAL),
    }

    /// A user.
    UsernameAndPassword {
        username: Text = at(USERNAME),
        password: Option<Secret<Text>> = at(PASSWORD),
    }

    /// A device.
    DeviceCredential {
        device_serial_number: Option<Text> = at(DEVICE_SERIAL_NUMBER),
        password: Option<Secret<Text>> = at(PASSWORD),
        device_identifier: Option<Text> = at(DEVICE_IDENTIFIER),
        network_identifier: Option<Text> = at(NETWORK_IDENTIFIER),
        machine_identifier: Option<Text> = at(MACHINE_IDENTIFIER),
        media_identifier: Option<Text> = at(MEDIA_IDENTIFIER),
    }

    /// A measured platform.
    AttestationCredential {
        nonce: Nonce = at(NONCE),
        attestation_type: AttestationType = at(ATTESTATION_TYPE),
        attestation_measurement: Option<Bytes> = at(ATTESTATION_MEASUREMENT),
        attestation_assertion: Option<Bytes> = at(ATTESTATION_ASSERTION),
    }

    /// A user with a second factor.
    OneTimePasswordCredential {
        username: Text = at(USERNAME),
        password: Option<Secret<Text>> = at(PASSWORD),
        one_time_password: Secret<Text> = at(ONE_TIME_PASSWORD),
    }

    /// A user who does not show the password.
    HashedPasswordCredential {
        username: Text = at(USERNAME),
        time_stamp: DateTimeExtended = at(TIME_STAMP),
        hashing_algorithm: Option<HashingAlgorithm> = at(HASHING_ALGORITHM),
        hashed_password: Secret<Bytes> = at(HASHED_PASSWORD),
    }

    /// Who logged in before.
    TicketCredential {
        ticket: Ticket = at(TICKET),
    }

    /// What Login gives.
    Ticket {
        ticket_type: TicketType = at(TICKET_TYPE),
        ticket_value: Secret<Bytes> = at(TICKET_VALUE),
    }

    /// What an attestation has to include.
    #[derive(Clone, PartialEq, Eq)]
    Nonce {
        nonce_id: Bytes = at(NONCE_ID),
        nonce_value: Bytes = at(NONCE_VALUE),
    }
}
