import VaultModel

extension JSONScanner {
    /// Reads a number (RFC 8259 §6): an integer where it has no fraction and fits, else only that it is a number.
    ///
    /// From 1e308 up it is refused, since the next reader's double would be infinite.
    mutating func number(_ bytes: RawSpan) throws(Problem) -> JSONNode.Kind {
        var number = DecimalNumber()
        if peek(bytes) == UInt8(ascii: "-") {
            number.isNegative = true
            position += 1
        }
        let leading = peek(bytes)
        guard number.isDigit(leading) else { throw refusal("a digit is missing") }
        position += 1
        number.append(leading)
        if leading == UInt8(ascii: "0") {
            guard !number.isDigit(peek(bytes)) else { throw refusal("a number begins with 0") }
        } else {
            digits(bytes) { number.append($0) }
        }
        if peek(bytes) == UInt8(ascii: ".") {
            position += 1
            guard number.isDigit(peek(bytes)) else { throw refusal("a digit is missing") }
            digits(bytes) { number.append(fraction: $0) }
        }
        if peek(bytes) | 0x20 == UInt8(ascii: "e") {
            position += 1
            let isNegative = peek(bytes) == UInt8(ascii: "-")
            if isNegative || peek(bytes) == UInt8(ascii: "+") { position += 1 }
            guard number.isDigit(peek(bytes)) else { throw refusal("a digit is missing") }
            var exponent = 0
            digits(bytes) { exponent = min(exponent * 10 + Int($0 - 0x30), 1_000_000) }
            number.exponent += isNegative ? -exponent : exponent
        }
        guard number.isFinite else { throw refusal("a number is too large") }
        return number.integer.map { .integer($0) } ?? .number
    }

    private mutating func digits(_ bytes: RawSpan, _ body: (UInt8) -> Void) {
        while (0x30...0x39).contains(peek(bytes)) {
            body(peek(bytes))
            position += 1
        }
    }
}

/// A decimal number as its digits come in: `mantissa` × 10^`exponent`.
private struct DecimalNumber {
    var isNegative = false
    var exponent = 0
    /// `nil` once it no longer fits.
    private var mantissa: Int? = 0
    /// How many digits there are from the first that is not 0.
    private var significant = 0

    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    mutating func append(_ digit: UInt8) {
        if digit != UInt8(ascii: "0") || significant > 0 { significant += 1 }
        guard let old = mantissa else { return }
        let (product, tooLarge) = old.multipliedReportingOverflow(by: 10)
        let value = Int(digit - 0x30)
        let (sum, overflow) = product.addingReportingOverflow(isNegative ? -value : value)
        mantissa = tooLarge || overflow ? nil : sum
    }

    mutating func append(fraction digit: UInt8) {
        append(digit)
        exponent -= 1
    }

    /// Whether it is certainly below 1e308.
    var isFinite: Bool { significant == 0 || significant - 1 + exponent < 308 }

    /// The number, when it has no fraction and fits.
    var integer: Int? {
        guard significant > 0 else { return 0 }
        guard var value = mantissa else { return nil }
        var exponent = exponent
        while exponent < 0 {
            guard value.isMultiple(of: 10) else { return nil }
            value /= 10
            exponent += 1
        }
        while exponent > 0 {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            guard !tooLarge else { return nil }
            value = product
            exponent -= 1
        }
        return value
    }
}
