import VaultModel

/// Reads keys from comma-separated values (RFC 4180): `user_id,provider,key`, with or without a line of names.
///
/// With names, the columns may stand in any order, `user_id` and `provider` may be missing, and others are passed over. Without,
/// three fields are user, provider and key, and two are provider and key.
enum CSVFile {
    /// - Throws: where a quote is misplaced or not closed, or a line has another number of fields than the first.
    static func read(_ text: RawSpan, _ range: Range<Int>) throws(ImportFault) -> ImportRecords {
        var records = ImportRecords(capacity: range.count)
        var cursor = TextCursor(range)
        var columns: Columns?
        var first: [Range<Int>]?
        while !cursor.isAtEnd {
            if cursor.isAtLineEnd(text) {
                cursor.nextLine(text)
                continue
            }
            let line = cursor.line
            let fields = try row(text, &cursor, into: &records)
            guard let known = columns else {
                let (found, isNames) = try Columns.of(fields, records, line: line)
                columns = found
                if !isNames { records.append(found.record(of: fields, line: line)) }
                continue
            }
            guard fields.count == known.count else {
                throw ImportFault("there are \(fields.count) fields where \(known.count) belong", line: line)
            }
            if known.user == nil, !records.unreadColumnMayNameUsers, let first {
                records.unreadColumnMayNameUsers = known.unread.contains { column in
                    !records.areEqual(records.withoutBlanks(first[column]), records.withoutBlanks(fields[column]))
                }
            }
            first = first ?? fields
            records.append(known.record(of: fields, line: line))
        }
        return records
    }

    /// The fields of one row, unquoted, moving behind its end.
    private static func row(
        _ text: RawSpan, _ cursor: inout TextCursor, into records: inout ImportRecords
    ) throws(ImportFault) -> [Range<Int>] {
        var fields: [Range<Int>] = []
        while true {
            let start = records.end
            if cursor.peek(text) == UInt8(ascii: "\"") {
                try quoted(text, &cursor, into: &records)
            } else {
                while !cursor.isAtLineEnd(text), cursor.peek(text) != UInt8(ascii: ",") {
                    guard cursor.peek(text) != UInt8(ascii: "\"") else {
                        throw ImportFault("a quote stands inside a field that has none around it", line: cursor.line)
                    }
                    records.keep(cursor.peek(text))
                    cursor.index += 1
                }
            }
            fields.append(start..<records.end)
            guard cursor.peek(text) == UInt8(ascii: ",") else { break }
            cursor.index += 1
        }
        guard cursor.isAtLineEnd(text) else {
            throw ImportFault("something stands behind the closing quote", line: cursor.line)
        }
        cursor.nextLine(text)
        return fields
    }

    private static func quoted(
        _ text: RawSpan, _ cursor: inout TextCursor, into records: inout ImportRecords
    ) throws(ImportFault) {
        let (line, quote) = (cursor.line, UInt8(ascii: "\""))
        cursor.index += 1
        while true {
            guard !cursor.isAtEnd else { throw ImportFault("a quote is opened here and never closed", line: line) }
            let byte = cursor.peek(text)
            cursor.advance(text)
            if byte == quote {
                guard cursor.peek(text) == quote else { return }
                cursor.index += 1
            }
            records.keep(byte)
        }
    }

    /// Which field is what.
    private struct Columns {
        var user: Int?
        var provider: Int?
        var key: Int
        let count: Int
        /// The columns with names that mean nothing here.
        var unread: [Int] = []

        private static let names: [(meaning: Int, [String])] = [
            (0, ["user_id", "user"]), (1, ["provider"]), (2, ["key", "api_key"]),
        ]

        /// The columns as the first row names them, or as their number tells; and whether it is a row of names.
        static func of(
            _ fields: [Range<Int>], _ records: borrowing ImportRecords, line: Int
        ) throws(ImportFault) -> (Columns, isNames: Bool) {
            var places: [Int: Int] = [:]
            for (place, field) in fields.enumerated() {
                guard let meaning = meaning(of: field, records) else { continue }
                guard places.updateValue(place, forKey: meaning) == nil else {
                    throw ImportFault("the line of names has one of them twice", line: line)
                }
            }
            if let key = places[2] {
                let unread = fields.indices.filter { !places.values.contains($0) }
                let columns = Columns(
                    user: places[0], provider: places[1], key: key, count: fields.count, unread: unread)
                return (columns, true)
            }
            switch fields.count {
            case 3: return (Columns(user: 0, provider: 1, key: 2, count: 3), false)
            case 2: return (Columns(user: nil, provider: 0, key: 1, count: 2), false)
            default: throw ImportFault("the fields must be user_id,provider,key, or be named so", line: line)
            }
        }

        private static func meaning(of field: Range<Int>, _ records: borrowing ImportRecords) -> Int? {
            records.withText(of: field) { text in
                names.first { $0.1.contains { text.isWord($0) } }?.meaning
            }
        }

        func record(of fields: [Range<Int>], line: Int) -> ImportRecords.Record {
            .init(
                line: line, user: user.map { fields[$0] }, provider: provider.map { fields[$0] }, value: fields[key])
        }
    }
}
