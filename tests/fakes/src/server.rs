//! As much of HTTP as stand-ins need.
