/// A file that is sent behind an answer's body, from where it lies. Whoever owns the descriptor is kept until it has been
/// sent, or never will be.
package final class ResponseFile: Sendable {
    let descriptor: Int32
    package let length: Int
    private let owner: any Sendable

    /// - Parameter length: so many bytes, from the file's beginning.
    package init(_ descriptor: Int32, length: Int, owner: any Sendable) {
        self.descriptor = descriptor
        self.length = length
        self.owner = owner
    }
}
