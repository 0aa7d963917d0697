/// Why a file of keys cannot be read; nothing of it was used. Holds nothing of the file but the number of a line.
struct ImportFault: Error, Sendable, Equatable {
    /// The first line is 1; `nil` where the whole file is at fault.
    let line: Int?
    let message: String

    init(_ message: String, line: Int? = nil) {
        self.message = message
        self.line = line
    }
}
