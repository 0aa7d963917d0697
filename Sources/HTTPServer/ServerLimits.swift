/// How much of everything one listener grants.
package struct ServerLimits: Sendable, Equatable {
    /// The longest body, in bytes.
    package var bodyBytes = 65_536
    /// The longest head, request line and header fields together, in bytes.
    package var headerBytes = 16_384
    package var headerCount = 64
    /// The longest request target, in bytes.
    package var uriBytes = 4_096
    /// All bodies together that are being read or answered, in bytes.
    package var bodiesInFlightBytes = 16 * 1_024 * 1_024
    /// All answers together that wait to be sent, in bytes: beyond it the slowest readers are cut off.
    package var answersInFlightBytes = 64 * 1_024 * 1_024
    /// From the first byte of a connection, or the request line of a later request, to the end of the head.
    package var headerSeconds = 10
    /// How long a connection may owe its first head before, when places are short, it goes ahead of those that were answered.
    package var headerPatience = Duration.seconds(1)
    /// From the request line to the answer; the answer has the same time again to be sent.
    package var requestSeconds = 30
    /// Silence in which a connection may stay open.
    package var idleSeconds = 60
    /// Open connections. When three quarters are taken, those that have been idle longest are closed; more than this
    /// wait, unanswered, until one closes.
    package var connections = 1_024
    /// Open connections of one address that is no proxy's; more are closed at once.
    package var connectionsPerAddress = 1_024
    /// Threads that read, and that run answers until they first wait; `nil` for one per processor.
    package var threads: Int?
    /// How long a stop waits for what is being answered.
    package var stopSeconds = 10

    package init() {}
}
