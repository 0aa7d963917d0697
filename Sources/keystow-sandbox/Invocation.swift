/// What the command line asks for.
enum Invocation: Equatable {
    case listen(address: String, port: UInt16)
    case help

    /// What is wrong with it, for people.
    struct Misuse: Error, Equatable { let message: String }

    static let usage = """
        usage: keystow-sandbox [--listen ADDRESS:PORT]

        Stands in for Anthropic's API on this machine. The outcome of a call is chosen by a word in the key
        itself, such as sk-ant-api03-revoked-…: valid, nocredit, revoked, ratelimited, overloaded, hang, …

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
