//! Reading objects of a token whose word is not taken for lengths and numbers.

use cryptoki::object::{Attribute, AttributeInfo, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use kms_core::KekFault;
use zeroize::Zeroizing;

use super::fault::Fault;

/// Objects that fit; more than any key has versions is an error, not a long wait.
pub(super) fn find(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>, Fault> {
    let mut found = Vec::new();
    for object in session.iter_objects(template)? {
        if found.len() >= OBJECTS {
            return Err(Fault::new(KekFault::Quota));
        }
        found.push(object?);
    }
    Ok(found)
}

/// Attributes of an object, those left out that it does not have. Lengths are asked for before anything is reserved.
pub(super) fn read(
    session: &Session,
    object: ObjectHandle,
    wanted: &[AttributeType],
    longest: usize,
) -> Result<Vec<Attribute>, Fault> {
    let info = session.get_attribute_info(object, wanted)?;
    let mut present = Vec::with_capacity(wanted.len());
    for (attribute, info) in wanted.iter().zip(info) {
        match info {
            AttributeInfo::Available(length) if length > longest => return Err(Fault::contract()),
            AttributeInfo::Available(_) => present.push(*attribute),
            _ => {}
        }
    }
    Ok(session.get_attributes(object, &present)?)
}

/// An attribute that is bytes; `None` where the object has none.
pub(super) fn bytes(
    session: &Session,
    object: ObjectHandle,
    attribute: AttributeType,
    longest: usize,
) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let read = read(session, object, &[attribute], longest)?.into_iter().next();
    match read {
        None => Ok(None),
        Some(
            Attribute::Value(bytes)
            | Attribute::Id(bytes)
            | Attribute::Label(bytes)
            | Attribute::Modulus(bytes)
            | Attribute::PublicExponent(bytes),
        ) => Ok(Some(Zeroizing::new(bytes))),
        Some(_) => Err(Fault::contract()),
    }
}

const OBJECTS: usize = 65_536;
