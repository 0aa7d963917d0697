import VaultModel
import VaultProviders

/// Why a key is not taken, in words that hold nothing of it.
struct ImportRefusal: Sendable, Equatable {
    /// As in the API.
    let code: String
    let message: String
    var hint = ""
}

/// One value of the file that is taken for a key.
struct ImportItem: Sendable {
    /// The line on which it stands; `nil` in the environment.
    let line: Int?
    /// The variable that it was given to, when it may be printed.
    var variable: String?
    /// What this program's own key doctor calls it; the server's may know better.
    var kind: String?
    var user: UserID?
    /// Whether the user may be printed: not when that may be a key in the wrong column.
    var isUserShown = true
    /// The provider that the file names.
    var provider: ProviderID?
    let value: Range<Int>
    /// Why it is not even sent.
    var refusal: ImportRefusal?
}

/// What would be imported of a file, and what is passed over.
struct ImportPlan: ~Copyable {
    /// A value that is not taken for a key.
    struct Skipped: Sendable, Equatable {
        let line: Int?
        /// The name before it, when it may be printed.
        var name: String?
        let reason: String
    }

    let records: ImportRecords
    private(set) var items: [ImportItem] = []
    private(set) var skipped: [Skipped] = []

    /// - Parameter user: who owns the keys for which the file names nobody.
    init(_ records: consuming ImportRecords, user: UserID?, providers: KnownProviders, doctor: KeyDoctor) {
        let likeness = KeyLikeness(doctor: doctor)
        var (items, skipped): ([ImportItem], [Skipped]) = ([], [])
        for record in records.records {
            let reader = RecordReader(user: user, providers: providers, likeness: likeness)
            switch reader.read(record, records) {
            case .item(let item): items.append(item)
            case .skipped(let value): skipped.append(value)
            case .nothing: break
            }
        }
        skipped += records.unread.map { Skipped(line: $0, reason: "not an assignment") }
        self.records = records
        self.items = items
        self.skipped = skipped.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    }
}

/// Makes of one record what is to be done with it.
private struct RecordReader {
    enum Reading {
        case item(ImportItem)
        case skipped(ImportPlan.Skipped)
        case nothing
    }

    let user: UserID?
    let providers: KnownProviders
    let likeness: KeyLikeness

    func read(_ record: ImportRecords.Record, _ records: borrowing ImportRecords) -> Reading {
        let line = record.line > 0 ? record.line : nil
        var item = ImportItem(line: line, user: user, value: record.value)
        let diagnosis = diagnosis(of: record.value, chosen: nil, records)
        let isKey = diagnosis?.isStorable == true
        if !record.isInPlace {
            guard isKey else { return .nothing }
            return .skipped(
                .init(line: line, reason: "looks like a key, but does not stand in [providers.NAME] api_key"))
        }
        if let name = record.name {
            if let known = records.withText(of: name, { providers.variable(named: $0) }) {
                guard !isBlank(record.value, records) else {
                    return .skipped(.init(line: line, name: known.name, reason: "empty"))
                }
                item.variable = known.name
                item.provider = known.id
            } else {
                item.variable = shown(name, records)
                if let diagnosis, let refusal = ImportRefusal(ofCredential: diagnosis) {
                    item.kind = diagnosis.kind
                    item.provider = diagnosis.provider
                    item.refusal = refusal
                    return .item(item)
                }
                if !isKey { return .skipped(.init(line: line, name: item.variable, reason: "not a key")) }
            }
        }
        if let field = record.user, !isBlank(field, records) { take(user: field, records, into: &item) }
        if let field = record.provider, !isBlank(field, records) {
            item.provider = records.withText(of: field) { providers.provider(named: $0) }
            if item.provider == nil { item.refusal = item.refusal ?? .unknownProvider }
        }
        let known = item.provider.map { self.diagnosis(of: record.value, chosen: $0, records) } ?? diagnosis
        item.kind = known?.kind
        if known?.isStorable == true, let provider = known?.provider, providers.needsParameters(provider) {
            item.refusal = item.refusal ?? .needsParameters
        }
        if item.user == nil, item.refusal == nil { item.refusal = .noUser }
        if isTooLong(record.value, records) { item.refusal = item.refusal ?? .tooLong }
        return .item(item)
    }

    private func take(user given: Range<Int>, _ records: borrowing ImportRecords, into item: inout ImportItem) {
        let field = records.withoutBlanks(given)
        item.user = nil
        let finding = records.withText(of: field) { likeness.finding(in: $0) }
        item.isUserShown = finding == .harmless
        guard finding != .credential else {
            item.refusal = .keyForUser
            return
        }
        item.user = records.withText(of: field) { bytes in
            bytes.byteCount > 200 ? nil : UserID(Self.string(bytes))
        }
        if item.user == nil { item.refusal = .badUser }
    }

    private func diagnosis(
        of range: Range<Int>, chosen: ProviderID?, _ records: borrowing ImportRecords
    ) -> Diagnosis? {
        records.withText(of: range) { bytes in (try? likeness.doctor.examine(bytes, chosen: chosen))?.diagnosis }
    }

    /// Whether it is longer than any paste, or fills a request by its escapes: no key does.
    private func isTooLong(_ range: Range<Int>, _ records: borrowing ImportRecords) -> Bool {
        guard range.count <= KeyDoctor.longestPaste else { return true }
        let length = records.withText(of: range) { bytes in
            (0..<bytes.byteCount).reduce(0) { $0 + (bytes[byte: $1] < 0x20 ? 6 : 2) }
        }
        return length > 3 * KeyDoctor.longestPaste
    }

    private func isBlank(_ range: Range<Int>, _ records: borrowing ImportRecords) -> Bool {
        records.withText(of: range) { bytes in (0..<bytes.byteCount).allSatisfy { bytes[byte: $0] <= 0x20 } }
    }

    private func shown(_ range: Range<Int>, _ records: borrowing ImportRecords) -> String? {
        records.withText(of: range) { bytes in
            bytes.byteCount <= 64 && likeness.finding(in: bytes) == .harmless ? Self.string(bytes) : nil
        }
    }

    /// Only for what was found harmless, or is a user's own name.
    private static func string(_ bytes: RawSpan) -> String {
        unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension ImportRefusal {
    /// What is said of a value that is, or may be, a credential, but none that can be stored; `nil` of any other.
    fileprivate init?(ofCredential diagnosis: Diagnosis) {
        switch diagnosis.refusal {
        case nil, .masked, .placeholder, .wrongProvider: return nil
        case .malformed where diagnosis.provider == nil || ["identifier", "url"].contains(diagnosis.kind): return nil
        case .ambiguous:
            self = .ambiguous
            return
        case .oauthToken, .wrongKeyType, .truncated, .severalKeys, .malformed: break
        }
        self.init(
            code: diagnosis.refusal?.rawValue ?? "malformed_key", message: diagnosis.message, hint: diagnosis.hint)
    }

    fileprivate static let ambiguous = ImportRefusal(
        code: "invalid_field", message: "This may be a key, but keys of several providers look like it.",
        hint: "Give it to the variable of its provider, such as OPENAI_API_KEY, or take it out if it is no key.")
    fileprivate static let unknownProvider = ImportRefusal(
        code: "invalid_field", message: "The file names a provider that this vault does not know.",
        hint: "Write a provider's id, such as anthropic; GET /v1/providers lists them.")
    fileprivate static let noUser = ImportRefusal(
        code: "invalid_field", message: "The file does not say whose key this is.",
        hint: "Fill in the user, or give --user for those without one.")
    fileprivate static let badUser = ImportRefusal(
        code: "invalid_field", message: "The user must be 1 to 200 bytes of text without control characters.",
        hint: "Correct the user in the file.")
    fileprivate static let keyForUser = ImportRefusal(
        code: "invalid_field", message: "There is a credential where the user belongs.",
        hint: "Put the columns in the order user_id,provider,key, or name them in the first line.")
    fileprivate static let needsParameters = ImportRefusal(
        code: "invalid_field", message: "Keys of this provider need more than a key, which a file cannot say.",
        hint: "Store it by POST /v1/keys with `params`; GET /v1/providers says which.")
    fileprivate static let tooLong = ImportRefusal(
        code: "malformed_key", message: "This is too long to be a key.", hint: "Put the key alone there.")
}
