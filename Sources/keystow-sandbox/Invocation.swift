/// What the command line asks for.
enum Invocation: Equatable {
    case listen(address: String, port: UInt16)
    case help

    /// What is wrong with it, for people.
    struct Misuse: Error, Equatable { let message: String }

    static let usage = """
        usage: keystow-sandbox [--listen ADDRESS:PORT]

        Stands in for the providers' APIs on this machine: each under its id, such as /openai/v1/models,
        /gemini/v1beta/models or /vertex/token, and Anthropic at the root as well. Keystow is pointed at one with
        KEYSTOW_ENDPOINT_OPENAI=http://ADDRESS:PORT/openai/v1, the provider's id and then the path of its base URL.

        The outcome of a call is chosen by a word in the key itself, such as sk-ant-api03-revoked-…: valid, nocredit,
        revoked, ratelimited, echo, …, and for every provider redirect, captive, edgehtml, empty, truncated, gzipped,
        huge, teapot, server503, timeout408 and hang. In a key of hexadecimal digits the word is spelled in them:
        revoked is 7265766f6b6564. A key without any known word is answered as one that the provider does not know.
        All words stand in Sources/keystow-sandbox/Answers, one file for each provider.

          --listen ADDRESS:PORT  where to listen (127.0.0.1:0, which picks a port)
          --help                 this text

        When it listens, it prints {"listening":"http://ADDRESS:PORT"} on standard output. Each request is one
        line of JSON on standard error, without the key. GET /sandbox/requests answers how many there were.

        """

    init(_ arguments: [String]) throws(Misuse) {
        var listen = "127.0.0.1:0"
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" {
                self = .help
                return
            } else if argument.hasPrefix("--listen=") {
                listen = String(argument.dropFirst("--listen=".count))
            } else if argument == "--listen" {
                guard let value = rest.popFirst() else { throw Misuse(message: "--listen needs ADDRESS:PORT") }
                listen = value
            } else {
                throw Misuse(message: "there is no such option")
            }
        }
        guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]) else {
            throw Misuse(message: "--listen needs ADDRESS:PORT")
        }
        var address = listen[..<colon]
        if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
        self = .listen(address: String(address), port: port)
    }
}
