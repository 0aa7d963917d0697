/// Which Keystow this is.
enum Version {
    static let number = "0.1.0"

    /// One line, for people or for machines.
    static func line(asJSON: Bool) -> String { asJSON ? #"{"keystow":"\#(number)"}"# : "keystow \(number)" }
}
