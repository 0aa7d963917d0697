import VaultModel

/// How a file of keys is written.
enum ImportFormat: String, Sendable, CaseIterable {
    case env, toml, csv

    /// What the name of a file tells; `nil` when it tells nothing.
    init?(ofFileNamed path: String) {
        let name = path.split(separator: "/").last?.lowercased() ?? ""
        if name == ".env" || name.hasPrefix(".env.") || name.hasSuffix(".env") {
            self = .env
        } else if name.hasSuffix(".toml") {
            self = .toml
        } else if name.hasSuffix(".csv") {
            self = .csv
        } else {
            return nil
        }
    }

    /// What the first lines that say something tell; `nil` when they tell nothing.
    ///
    /// Tables are TOML's. A first line `NAME=…` whose name comes before any comma is `.env`'s, another with a comma CSV's.
    init?(ofText text: RawSpan, _ range: Range<Int>) {
        var cursor = TextCursor(range)
        var first: ImportFormat?
        while !cursor.isAtEnd {
            cursor.skipBlanks(text)
            let byte = cursor.peek(text)
            if byte == UInt8(ascii: "["), first != .csv {
                self = .toml
                return
            }
            if first == nil, !cursor.isAtLineEnd(text), byte != UInt8(ascii: "#") {
                var index = 0
                while ![0x0A, 0, UInt8(ascii: "="), UInt8(ascii: ",")].contains(cursor.peek(text, index)) { index += 1 }
                switch cursor.peek(text, index) {
                case UInt8(ascii: "="): first = .env
                case UInt8(ascii: ","): first = .csv
                default: break
                }
            }
            cursor.nextLine(text)
        }
        guard let first else { return nil }
        self = first
    }

    /// Reads the whole file; the names of `providers` and of their variables tell what some lines mean.
    func read(
        _ text: RawSpan, _ range: Range<Int>, knowing providers: KnownProviders
    ) throws(ImportFault) -> ImportRecords {
        switch self {
        case .env: try EnvFile.read(text, range, knowing: providers)
        case .toml: try TOMLFile.read(text, range, knowing: providers)
        case .csv: try CSVFile.read(text, range)
        }
    }
}
