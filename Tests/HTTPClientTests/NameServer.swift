package import Glibc
import Synchronization

/// Answers for names under `.rebind.test`, each time with the next of what a test put there, as a server whose
/// records live for no time would.
///
/// It stands where libc's `getaddrinfo` does, for the whole test program, libcurl included: this program's own
/// function of that name is found before libc's. All other names go on to libc's.
final class NameServer: Sendable {
    enum Record {
        /// The name is another's: go on there.
        case alias(String)
        /// What each question gets, in turn; after the last comes the first again.
        case addresses([[String]])
    }

    private struct Zone {
        var records: [String: Record] = [:]
        var questions: [String: Int] = [:]
    }

    static let shared = NameServer()
    static let domain = ".rebind.test"

    private let zone = Mutex(Zone())

    func set(_ name: String, _ record: Record) {
        zone.withLock { $0.records[name + Self.domain] = record }
    }

    /// How often `name` has been asked for.
    func questions(_ name: String) -> Int {
        zone.withLock { $0.questions[name + Self.domain] ?? 0 }
    }

    /// The addresses for one question after `name`; a chain of aliases is followed to its end.
    fileprivate func answer(_ name: String) -> [String] {
        zone.withLock { zone in
            var name = name
            for _ in 0..<16 {
                let number = zone.questions[name] ?? 0
                zone.questions[name] = number + 1
                switch zone.records[name] {
                case .alias(let other): name = other + Self.domain
                case .addresses(let answers): return answers[number % answers.count]
                case nil: return []
                }
            }
            return []
        }
    }
}

private typealias Nodes = UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>
private typealias LookUp =
    @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<addrinfo>?, Nodes?) -> Int32

/// libc's own, behind ours.
private let lookUp: LookUp? = dlsym(UnsafeMutableRawPointer(bitPattern: -1), "getaddrinfo")
    .map { unsafeBitCast($0, to: LookUp.self) }

@_cdecl("getaddrinfo")
package func answeredLookUp(
    _ name: UnsafePointer<CChar>?, _ service: UnsafePointer<CChar>?, _ hints: UnsafePointer<addrinfo>?,
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>?
) -> Int32 {
    guard let name, case let text = String(cString: name), text.hasSuffix(NameServer.domain) else {
        return lookUp?(name, service, hints, result) ?? EAI_SYSTEM
    }
    let port = service.flatMap { UInt16(String(cString: $0)) } ?? 0
    var first: UnsafeMutablePointer<addrinfo>?
    for address in NameServer.shared.answer(text).reversed() {
        guard let node = makeNode(address, port, before: first) else { return EAI_MEMORY }
        first = node
    }
    result?.pointee = first
    return first == nil ? EAI_NONAME : 0
}

/// One block of memory, as libc's `freeaddrinfo` expects it.
private func makeNode(
    _ text: String, _ port: UInt16, before next: UnsafeMutablePointer<addrinfo>?
) -> UnsafeMutablePointer<addrinfo>? {
    let size = MemoryLayout<addrinfo>.stride
    guard let block = calloc(1, size + MemoryLayout<sockaddr_in6>.size) else { return nil }
    let node = block.bindMemory(to: addrinfo.self, capacity: 1)
    let place = block + size
    var four = sockaddr_in()
    var six = sockaddr_in6()
    if inet_pton(AF_INET, text, &four.sin_addr) == 1 {
        (four.sin_family, four.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
        place.storeBytes(of: four, as: sockaddr_in.self)
        (node.pointee.ai_family, node.pointee.ai_addrlen) = (AF_INET, socklen_t(MemoryLayout<sockaddr_in>.size))
    } else if inet_pton(AF_INET6, text, &six.sin6_addr) == 1 {
        (six.sin6_family, six.sin6_port) = (sa_family_t(AF_INET6), port.bigEndian)
        place.storeBytes(of: six, as: sockaddr_in6.self)
        (node.pointee.ai_family, node.pointee.ai_addrlen) = (AF_INET6, socklen_t(MemoryLayout<sockaddr_in6>.size))
    } else {
        free(block)
        return nil
    }
    node.pointee.ai_socktype = Int32(SOCK_STREAM.rawValue)
    node.pointee.ai_protocol = Int32(IPPROTO_TCP)
    node.pointee.ai_addr = place.assumingMemoryBound(to: sockaddr.self)
    node.pointee.ai_next = next
    return node
}
