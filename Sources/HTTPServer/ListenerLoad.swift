/// How much of what a listener grants is taken at the moment.
package struct ListenerLoad: Sendable, Equatable {
    package var connections: Int
    package var connectionLimit: Int
    /// All bodies together that are being read or answered.
    package var bodyBytes: Int
    package var bodyByteLimit: Int

    package init(connections: Int = 0, connectionLimit: Int = 0, bodyBytes: Int = 0, bodyByteLimit: Int = 0) {
        self.connections = connections
        self.connectionLimit = connectionLimit
        self.bodyBytes = bodyBytes
        self.bodyByteLimit = bodyByteLimit
    }

    package static func + (left: ListenerLoad, right: ListenerLoad) -> ListenerLoad {
        ListenerLoad(
            connections: left.connections + right.connections,
            connectionLimit: left.connectionLimit + right.connectionLimit, bodyBytes: left.bodyBytes + right.bodyBytes,
            bodyByteLimit: left.bodyByteLimit + right.bodyByteLimit)
    }
}
