//! Thrift's compact protocol, as far as a footer needs it: fields are looked at or passed over, nothing is built.

use crate::format::Fault;

/// What is left of a message.
pub(super) struct Thrift<'a> {
    rest: &'a [u8],
}

/// Types of the compact protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Byte,
    Number,
    Double,
    Binary,
    List,
    Map,
    Struct,
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Calls `each` with every field of a struct; it reads the field and says so, or leaves it to be passed over.
    pub(super) fn fields(
        &mut self,
        mut each: impl FnMut(&mut Self, i32, Type) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let mut id = 0_i32;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.small()?,
                step => id.wrapping_add(i32::from(step)),
            };
            let kind = Type::of(head & 15)?;
            // The value of a boolean field is its type.
            if kind != Type::Bool && !each(self, id, kind)? {
                self.pass(kind, DEPTH)?;
            }
        }
    }

    /// Calls `each` for every element of a list of `wanted`.
    pub(super) fn list(
        &mut self,
        wanted: Type,
        mut each: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (length, kind) = self.list_head()?;
        if kind != wanted && length > 0 {
            return Err("a list in its footer is of another type");
        }
        for _ in 0..length {
            each(self)?;
        }
        Ok(())
    }

    /// Bytes behind their length.
    pub(super) fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.varint()?).map_err(|_| CUT)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Passes over a value. Each element of a list takes a byte at least, so this ends with the bytes.
    fn pass(&mut self, kind: Type, depth: u8) -> Result<(), Fault> {
        let deeper = depth.checked_sub(1).ok_or("its footer is nested too deeply")?;
        match kind {
            Type::Bool | Type::Byte => self.byte().map(drop),
            Type::Number => self.varint().map(drop),
            Type::Double => self.skip(8),
            Type::Binary => self.binary().map(drop),
            Type::List => {
                let (length, kind) = self.list_head()?;
                (0..length).try_for_each(|_| self.pass(kind, deeper))
            }
            Type::Map => {
                let length = self.varint()?;
                if length == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                let (key, value) = (Type::of(kinds >> 4)?, Type::of(kinds & 15)?);
                (0..length).try_for_each(|_| {
                    self.pass(key, deeper)?;
                    self.pass(value, deeper)
                })
            }
            Type::Struct => loop {
                let head = self.byte()?;
                if head == 0 {
                    return Ok(());
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                let kind = Type::of(head & 15)?;
                if kind != Type::Bool {
                    self.pass(kind, deeper)?;
                }
            },
        }
    }

    fn list_head(&mut self) -> Result<(u64, Type), Fault> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        Ok((length, Type::of(head & 15)?))
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.rest.split_first().ok_or(CUT)?;
        self.rest = rest;
        Ok(*first)
    }

    fn skip(&mut self, length: usize) -> Result<(), Fault> {
        self.rest = self.rest.get(length..).ok_or(CUT)?;
        Ok(())
    }

    /// Seven bits a byte, least significant first.
    fn varint(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number in its footer is too long")
    }

    /// A signed number in zigzag form.
    fn small(&mut self) -> Result<i32, Fault> {
        let number = u32::try_from(self.varint()?).map_err(|_| "a field number in its footer is too large")?;
        Ok(i32::from_ne_bytes(
            ((number >> 1) ^ (number & 1).wrapping_neg()).to_ne_bytes(),
        ))
    }
}

impl Type {
    fn of(number: u8) -> Result<Self, Fault> {
        Ok(match number {
            1 | 2 => Self::Bool,
            3 => Self::Byte,
            4..=6 => Self::Number,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            _ => return Err("a type in its footer is unknown"),
        })
    }
}

const CUT: Fault = "its footer is cut off";
/// Of structs in lists in structs; the footers of today need five.
const DEPTH: u8 = 16;
