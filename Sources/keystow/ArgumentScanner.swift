/// Splits the arguments of one command into flags and words.
///
/// Understood are `--flag value`, `--flag=value`, switches, and `--`, after which everything is a word. A
/// flag is given once, unless it may be repeated.
struct ArgumentScanner {
    struct Form {
        /// Flags that take a value.
        var valued: Set<String> = []
        var repeatable: Set<String> = []
        var switches: Set<String> = []
        var words: ClosedRange<Int> = 0...0
    }

    private(set) var values: [String: [String]] = [:]
    private(set) var switches: Set<String> = []
    private(set) var words: [String] = []

    init(_ arguments: some Sequence<String>, form: Form, topic: HelpTopic) throws(UsageFault) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                words.append(argument)
                continue
            }
            let name = String(argument.prefix { $0 != "=" })
            let inline = name.utf8.count < argument.utf8.count ? String(argument.dropFirst(name.count + 1)) : nil
            if form.switches.contains(name) {
                guard inline == nil else { throw UsageFault("\(name) takes no value", topic) }
                switches.insert(name)
            } else if form.valued.contains(name) {
                guard let value = inline ?? rest.popFirst() else { throw UsageFault("\(name) needs a value", topic) }
                guard values[name] == nil || form.repeatable.contains(name) else {
                    throw UsageFault("\(name) is given twice", topic)
                }
                values[name, default: []].append(value)
            } else {
                throw UsageFault(unknown: name, "flag", among: form.valued.union(form.switches).sorted(), topic)
            }
        }
        guard words.count <= form.words.upperBound else { throw UsageFault("there are words too many", topic) }
        guard words.count >= form.words.lowerBound else { throw UsageFault("something is missing", topic) }
    }
}

/// Why a command line is not understood, in words that repeat none of its values.
struct UsageFault: Error, Equatable {
    let message: String
    /// Where help is to be had.
    let topic: HelpTopic

    init(_ message: String, _ topic: HelpTopic) {
        self.message = message
        self.topic = topic
    }

    /// An unknown name, repeated only if it looks like one: what was pasted there may be a key.
    init(unknown name: String, _ what: String, among known: [String], _ topic: HelpTopic) {
        let looksLikeName = name.utf8.count <= 40 && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D }
        let nearest = Nearest.name(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
        self.init((looksLikeName ? "unknown \(what) \(name)" : "unknown \(what)") + nearest, topic)
    }
}
