import Testing
import VaultAPI
import VaultTestKit

/// What every refusal has to be: a problem with the documented members, each of its type, and no others.
enum ProblemForm {
    /// What is wrong with an answer as a problem of one of `statuses`; empty when nothing is.
    static func faults(of answer: HTTPAnswer, _ statuses: Set<Int>) -> [String] {
        var faults: [String] = []
        func check(_ holds: Bool, _ what: String) { if !holds { faults.append(what) } }
        let problem = answer.json
        check(statuses.contains(answer.status), "the status is \(answer.status)")
        check(answer.header("content-type") == "application/problem+json", "the type is another")
        let code = problem["code"].string.flatMap(ProblemCode.init)
        check(code?.status == answer.status, "the code is not one of this status")
        check(problem["type"].string == "urn:keystow:problem:\(code?.rawValue ?? "")", "the type is not the code's")
        check(problem["status"].int == answer.status, "the status in it is another")
        check(problem["retryable"].bool != nil, "retryable is missing")
        for name in ["title", "detail", "hint"] {
            check(problem[name].string?.isEmpty == false, "\(name) is missing")
        }
        check(problem["instance"].string?.hasPrefix("req_") == true, "the instance is no request's")
        check(problem["instance"].string == answer.header("request-id"), "the instance is another request's")
        let texts: Set = ["field", "kind", "detected_provider", "key_id", "docs_url"]
        for name in texts where problem.names.contains(name) {
            check(problem[name].string != nil, "\(name) is no text")
        }
        let others: Set = ["candidates", "retry_after", "provider_error", "quoted"]
        let common: Set = ["type", "title", "status", "detail", "instance", "code", "hint", "retryable"]
        check(problem.names.subtracting(common.union(texts).union(others)).isEmpty, "there are more members")
        check(problem["retry_after"].int.map(String.init) == answer.header("retry-after"), "Retry-After is another")
        check((answer.status == 401) == (answer.header("www-authenticate") != nil), "WWW-Authenticate")
        check((answer.status == 405) == (answer.header("allow") != nil), "Allow")
        return faults + Guarded.faults(of: answer)
    }
}

/// What every answer of the API has in its headers.
enum Guarded {
    /// - Parameter types: what the call answers in, without parameters, where it succeeds.
    static func faults(
        of answer: HTTPAnswer, isFile: Bool = false,
        _ types: [String] = ["application/json", "application/problem+json"]
    ) -> [String] {
        var faults: [String] = []
        if !isFile, answer.header("cache-control") != "no-store" { faults.append("it may be stored") }
        if answer.header("x-content-type-options") != "nosniff" { faults.append("its type may be guessed") }
        let type = answer.header("content-type") ?? ""
        if !types.contains(String(type.prefix { $0 != ";" })) { faults.append("its type is another") }
        let isText = answer.status < 400 && type != "application/octet-stream"
        if isText != type.hasSuffix("; charset=utf-8") { faults.append("its encoding is not told") }
        for name in ["server", "x-powered-by", "via"] where answer.header(name) != nil {
            faults.append("\(name) is there")
        }
        let shared = answer.headers.filter { $0.name.hasPrefix("access-control-") }
        if !shared.isEmpty { faults.append("another site may read it") }
        if answer.header("request-id")?.hasPrefix("req_") != true { faults.append("it has no name") }
        return faults
    }
}
