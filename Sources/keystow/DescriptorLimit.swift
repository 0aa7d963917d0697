import Glibc

/// How many files and sockets this process may have open.
enum DescriptorLimit {
    /// What the vault's files, the provider's calls and the libraries need besides callers' connections.
    static let reserve = 256
    /// More connections than this are never held.
    static let mostConnections = 16_384
    /// More than this the server makes no use of; systemd's `LimitNOFILE=`.
    static let useful = mostConnections + reserve

    /// How many connections there can be at a time where so many files may be open.
    static func connections(of files: Int) -> Int { max(64, min(mostConnections, files - reserve)) }

    /// Raises the limit as far as the system lets us; returns what it then is.
    static func raise() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        let most = min(limit.rlim_max, 1_048_576)
        if limit.rlim_cur < most {
            let before = limit.rlim_cur
            limit.rlim_cur = most
            if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
