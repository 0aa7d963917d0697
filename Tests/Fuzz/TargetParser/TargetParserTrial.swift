@testable import HTTPServer
@testable import VaultAPI

/// One request head, and all that must hold of where it is led.
struct TargetParserTrial: Trial {
    private let rules = HeadRules(limits: ServerLimits())
    private let routes = Routes.all
    private let table = RouteTable(Routes.all)

    func run(_ bytes: [UInt8]) throws {
        guard let text = RequestText(bytes) else { return }
        do throws(TransportFault) {
            var fields = HeaderFields(limits: ServerLimits(), requestLineBytes: text.target.utf8.count)
            for field in text.fields { try fields.append(name: field.name.span, value: field.value.span) }
            let head = try rules.check(
                method: text.method, target: text.target, version: "HTTP/1.1", fields: fields,
                remoteAddress: "127.0.0.1", receivedAt: .now)
            require(Target.isPlain(text.target), "a target that is taken is a plain one")
            require(head.path + (head.query.map { "?" + $0 } ?? "") == text.target, "a target is cut, not changed")
            require(head.method == text.method && !head.method.isEmpty, "a method is as it was sent")
            judge(head)
            lead(head)
        } catch {
            require((400...503).contains(error.status), "a refusal has a status")
            if text.fields.count == 1, text.fields[0].name == Array("Host".utf8),
                text.fields[0].value == Array("localhost".utf8), Target.isToken(text.method)
            {
                require(!Target.isPlain(text.target), "a plain target is taken")
            }
        }
    }

    private func judge(_ head: RequestHead) {
        for (name, value) in head.headers {
            require(Target.isName(name) && name == name.lowercased(), "a field's name is a token in lower case")
            let isClean = value.unicodeScalars.allSatisfy { $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7F) }
            require(isClean && !" \t".contains(value.first ?? "a"), "a field's value has no control characters")
        }
        for name in ["host", "authorization", "content-length", "content-type", "idempotency-key", "if-match"] {
            require(head.headers.count { $0.name == name } < 2, "what decides something stands there once")
        }
        require(head.value("host") != nil && head.value("transfer-encoding") == nil, "there is a host and no coding")
        require(
            head.declaredLength == head.value("content-length").map { Int($0) ?? .max } ?? 0, "a length is a number")
    }

    /// A route is the literal one and no other, and parameters come out of it as they went in.
    private func lead(_ head: RequestHead) {
        let fitting = routes.filter { Target.fits($0.path, head.path) }
        switch table.match(method: head.method, path: head.path) {
        case .none: require(fitting.isEmpty, "a path that a route has is found")
        case .otherMethods(let methods):
            require(methods.sorted() == fitting.map(\.method).sorted(), "all methods of a path are named")
            require(!methods.contains(head.method), "a method that a path has is found")
        case .route(let route, let parameters):
            require(route.method == head.method, "the method is that of the route")
            require(Target.filled(route.path, parameters) == head.path, "a path leads to the literal route alone")
            for parameter in parameters {
                guard let segment = QueryString.segment(parameter) else { continue }
                require(
                    QueryString.segment(Target.escaped(segment)[...]) == segment, "a segment is read as it is meant")
            }
        }
        let names = ["limit", "cursor", "user_id", "q"]
        do throws(Problem) {
            let query = try QueryString(head.query, allowed: names)
            let values = names.compactMap { name in query[name].map { (name, $0) } }
            let again = values.map { Target.escaped($0) + "=" + Target.escaped($1) }.joined(separator: "&")
            require(try QueryString(again, allowed: names) == query, "a query is read as it is meant")
            let parts = head.query.map { $0.isEmpty ? 0 : $0.utf8.count { $0 == UInt8(ascii: "&") } + 1 } ?? 0
            require(parts == values.count, "every part of a query is read")
        } catch {
            require(error.code == .invalidParameter && error.status == 400, "a query that cannot be is 400")
        }
    }
}
