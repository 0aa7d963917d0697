import VaultModel

/// One parameter of a statement.
enum Value: Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    /// Sixteen bytes, most significant first.
    case uuid(UUIDv7)
}

extension Value {
    static func int(_ number: Int?) -> Value {
        guard let number else { return .null }
        return .integer(Int64(number))
    }

    static func time(_ time: Timestamp?) -> Value {
        guard let time else { return .null }
        return .integer(time.milliseconds)
    }

    static func string(_ text: String?) -> Value {
        guard let text else { return .null }
        return .text(text)
    }

    static func bytes(_ bytes: [UInt8]?) -> Value {
        guard let bytes else { return .null }
        return .blob(bytes)
    }

    static func id(_ id: (some TypeID)?) -> Value {
        guard let id else { return .null }
        return .uuid(id.uuid)
    }

    static func owner(_ owner: UserID) -> Value { .text(owner.description) }
    /// `''` where there is none, for tables whose primary key it is part of.
    static func ownerOrAll(_ owner: UserID?) -> Value { .text(owner?.description ?? "") }
    static func provider(_ provider: ProviderID) -> Value { .text(provider.description) }
    /// `''` where there is none, for tables whose primary key it is part of.
    static func providerOrAll(_ provider: ProviderID?) -> Value { .text(provider?.description ?? "") }
}
