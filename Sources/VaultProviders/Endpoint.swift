import HTTPClient

/// Where the calls of a provider go, for one key.
package struct Endpoint: Sendable, Equatable {
    /// What paths are appended to; without a trailing slash.
    package let baseURL: String
    /// What a key is bound to: `scheme://host[:port]`.
    package let origin: String

    /// Why there is no endpoint for the parameters that were given.
    package enum Fault: Error, Sendable, Equatable {
        case missing(parameter: String)
        /// Not of the form that the catalogue asks for.
        case malformed(parameter: String)
        /// No base URL: the operator's override is at fault, for those of the catalogue are checked when it is read.
        case notABaseURL
    }
}

extension Provider {
    /// The endpoint of a key with `params`, at the catalogue's base URL or at the operator's `override`.
    ///
    /// A parameter that was given must be of its form even where an override does not need it.
    package func endpoint(params given: [String: String], override: String? = nil) throws(Endpoint.Fault) -> Endpoint {
        let template = override ?? baseURL
        for parameter in params {
            if let value = given[parameter.name] {
                guard parameter.form.admits(value) else { throw .malformed(parameter: parameter.name) }
            } else if template.contains("{\(parameter.name)}") {
                throw .missing(parameter: parameter.name)
            }
        }
        let known = given.filter { name, _ in params.contains { $0.name == name } }
        let filled = template.filling(known)
        guard let url = RequestURL(filled + "/") else { throw .notABaseURL }
        return Endpoint(baseURL: filled, origin: url.origin.description)
    }

    /// The parameters that lead to `origin`; `nil` where none do. The way back from what a key is bound to.
    package func params(leadingTo origin: String) -> [String: String]? {
        if params.isEmpty { return [:] }
        guard params.count == 1, let open = baseURL.firstIndex(of: "{"), let close = baseURL.firstIndex(of: "}") else {
            return nil
        }
        let head = baseURL[..<open]
        let tail = baseURL[baseURL.index(after: close)...].prefix { $0 != "/" }
        guard origin.hasPrefix(head), origin.hasSuffix(tail), origin.utf8.count > head.utf8.count + tail.utf8.count
        else { return nil }
        let found = [params[0].name: String(origin.dropFirst(head.count).dropLast(tail.count))]
        return (try? endpoint(params: found))?.origin == origin ? found : nil
    }
}
