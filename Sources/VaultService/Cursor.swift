import VaultCrypto
import VaultModel

/// What a cursor belongs to: it opens in no other list, project or filter.
struct CursorScope {
    let list: String
    let project: ProjectID?
    var filters: [String?] = []

    func bytes(with position: [UInt8]) -> [UInt8] {
        var bytes = CanonicalBytes()
        bytes.append(list)
        bytes.append(project?.bytes ?? [])
        bytes.append(filters.count)
        for filter in filters {
            bytes.append(optional: filter == nil ? nil : 1)
            bytes.append(filter ?? "")
        }
        bytes.append(position)
        return bytes.bytes
    }
}

extension Vault {
    /// A place in a list, MACed: base32 of the id, then 26 characters of MAC.
    func seal(cursor position: UUIDv7, _ scope: CursorScope) throws(VaultError) -> String {
        "\(CursorText(position))" + (try mac(of: position, scope))
    }

    /// The page that `rows` begin: up to `limit` of them, and a cursor when there is one more.
    ///
    /// Rows that `item` makes nothing of are passed over; the page is then shorter, and the next begins where it would.
    func page<Row, Item: Sendable>(
        of rows: [Row], limit: Int, _ scope: CursorScope, id: (Row) -> UUIDv7, _ item: (Row) throws -> Item?
    ) throws -> Page<Item> {
        let last = rows.count > limit ? id(rows[limit - 1]) : nil
        return Page(
            items: try rows.prefix(limit).compactMap(item),
            nextCursor: try last.map { last throws(VaultError) in try seal(cursor: last, scope) })
    }

    /// - Throws: `invalidCursor` for anything this vault did not give out for this very list.
    func open(cursor text: String, _ scope: CursorScope) throws(VaultError) -> UUIDv7 {
        let marked = Array(text.utf8)
        guard marked.count == 30 + 26,
            let position = CursorText(String(decoding: marked.prefix(30), as: UTF8.self)),
            ConstantTime.areEqual(Array(try mac(of: position.uuid, scope).utf8), Array(marked.suffix(26)))
        else { throw .invalidCursor }
        return position.uuid
    }

    private func mac(of position: UUIDv7, _ scope: CursorScope) throws(VaultError) -> String {
        do {
            let mac = try keyring.cursorMAC(scope.bytes(with: position.bytes))
            guard let short = UUIDv7(bytes: Array(mac.prefix(16))) else { throw VaultError.invalidCursor }
            return String("\(CursorText(short))".suffix(26))
        } catch {
            throw VaultError(thrown: error)
        }
    }
}

/// The text form of a place in a list: `cur_…`.
private struct CursorText: TypeID {
    static let prefix = "cur"
    let uuid: UUIDv7
    init(_ uuid: UUIDv7) { self.uuid = uuid }
}
