/// What came of one call to a provider.
package enum ProbeAnswer: Sendable {
    /// Header names in lower case; at most 64 KiB of body.
    case response(status: Int, headers: [(name: String, value: String)], body: [UInt8])
    case failure(Failure)

    /// Why there was no answer; none of these says anything of the key.
    package enum Failure: Sendable, Equatable {
        case timeout, unreachable, tls, tooLarge
        /// Our own client did not make the call: an address or a header that it does not allow.
        case refused
    }
}

/// The parts of an answer that a table of outcomes looks at.
struct ProviderAnswer {
    let status: Int
    let headers: [(name: String, value: String)]
    /// `nil` when the body is not JSON.
    let json: JSONValue?
    /// The provider's own sentence, unredacted; `nil` when there is none.
    let message: String?
    /// Every place where providers put an error's type or code.
    let types: [String]

    init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        json = JSONValue.read(body)
        let amazon = headers.first { $0.name == "x-amzn-errortype" }?.value.split(separator: ":").first.map(String.init)
        types = Self.types(in: json) + [amazon].compactMap { $0 }
        message = json.map(Self.message(in:)) ?? Self.plainText(body)
    }

    /// Whether it is a JSON object or list, as the answers of an API are.
    var isStructured: Bool {
        switch json {
        case .object, .array: true
        default: false
        }
    }

    func value(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    private static func error(in json: JSONValue) -> JSONValue {
        json["error"] ?? json.items?.first?["error"] ?? json
    }

    private static func types(in json: JSONValue?) -> [String] {
        guard let json else { return [] }
        let error = error(in: json)
        var types = [error["type"], error["code"], error["status"], error["details"]?["error_code"]].compactMap {
            $0?.text
        }
        types += error["details"]?.items?.compactMap { $0["reason"]?.text } ?? []
        if let code = error["code"]?.number, let whole = Int(exactly: code) { types.append(String(whole)) }
        return types
    }

    private static func message(in json: JSONValue) -> String? {
        let places = [
            json["error"]?["message"], json["error"], json["detail"], json["detail"]?["message"], json["message"],
            json["Message"], json.items?.first?["error"]?["message"],
        ]
        return places.lazy.compactMap { $0?.text }.first
    }

    /// The body, when it is a short text and no page.
    private static func plainText(_ body: [UInt8]) -> String? {
        guard let first = body.first(where: { !$0.isSpace }), first != UInt8(ascii: "<"), body.count <= 2000 else {
            return nil
        }
        return String(validating: body, as: UTF8.self)
    }
}
