pub fn cbom() {}
