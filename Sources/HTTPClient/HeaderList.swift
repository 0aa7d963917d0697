internal import CCurl
import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// The headers of one request as libcurl's list, whose memory is overwritten when it goes.
///
/// This file is the only place where a secret becomes a header line.
@safe
struct HeaderList: ~Copyable {
    private(set) var head: UnsafeMutablePointer<curl_slist>?
    /// Where in libcurl's list the secret lies.
    private var secret: UnsafeRawBufferPointer?

    /// Headers that the client writes itself, or that would make the request mean something else.
    private static let reserved: Set<String> = [
        "accept-encoding", "connection", "content-length", "cookie", "expect", "host", "http2-settings", "keep-alive",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    ]

    private static let leastMasked = 16

    init() {
        unsafe head = nil
        unsafe secret = nil
    }

    /// Every header of `request`, and the one with its secret last.
    ///
    /// - Throws: `refusedHeader`, `refusedSecret`, or `transport` when memory is short.
    init(_ request: borrowing OutgoingRequest) throws(HTTPClientError) {
        self.init()
        // An empty value takes out what libcurl would send of its own accord.
        try append("Expect:")
        if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) { try append("Content-Type:") }
        for (name, value) in request.headers {
            guard Self.isName(name), Self.isValue(value), name.lowercased() != request.secretHeaderName.lowercased()
            else { throw .refusedHeader }
            try append(WipedBuffer("\(name): \(value)"))
        }
        try appendSecret(of: request)
    }

    /// Builds `name: prefix` + secret in memory that is overwritten; libcurl's copy of it is overwritten in `deinit`.
    private mutating func appendSecret(of request: borrowing OutgoingRequest) throws(HTTPClientError) {
        switch request.secret {
        case nil: return
        case let secret?:
            guard Self.isName(request.secretHeaderName),
                request.secretHeaderPrefix.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else { throw .refusedHeader }
            let isPrintable = unsafe secret.withUnsafeBytes { bytes in
                unsafe !bytes.isEmpty && bytes.allSatisfy { (0x21...0x7E).contains($0) }
            }
            guard isPrintable else { throw .refusedSecret }
            var line = WipedBuffer(
                capacity: request.secretHeaderName.utf8.count + request.secretHeaderPrefix.utf8.count + secret.count + 8
            )
            line.append(request.secretHeaderName)
            line.append(": ")
            line.append(request.secretHeaderPrefix)
            unsafe secret.withUnsafeBytes { bytes in unsafe line.append(bytes) }
            let start = line.count - secret.count
            try append(line)
            unsafe self.secret = last.map { unsafe UnsafeRawBufferPointer(start: $0 + start, count: secret.count) }
        }
    }

    private mutating func append(_ line: StaticString) throws(HTTPClientError) {
        var buffer = WipedBuffer()
        buffer.append(line)
        try append(buffer)
    }

    private mutating func append(_ line: consuming WipedBuffer) throws(HTTPClientError) {
        line.append(0 as UInt8)
        let grown = unsafe line.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { raw in
                unsafe curl_slist_append(head, raw.bindMemory(to: CChar.self).baseAddress)
            }
        }
        guard let grown = unsafe grown else { throw .transport(Int(CURLE_OUT_OF_MEMORY.rawValue)) }
        unsafe head = grown
    }

    /// The text of the line that was added last.
    private var last: UnsafeMutablePointer<CChar>? {
        var node = unsafe head
        while let next = unsafe node?.pointee.next { unsafe node = next }
        return unsafe node?.pointee.data
    }

    /// Puts asterisks over the secret wherever it stands in `bytes`, from `start` on. A shorter one than ``leastMasked``
    /// could be a word of its own.
    borrowing func mask(_ bytes: UnsafeMutableRawBufferPointer, from start: Int = 0) {
        guard let secret = unsafe secret, secret.count >= Self.leastMasked, let first = unsafe secret.first,
            let needle = secret.baseAddress, let base = bytes.baseAddress
        else { return }
        var place = start
        while place + secret.count <= bytes.count,
            let hit = unsafe memchr(base + place, CInt(first), bytes.count - secret.count + 1 - place)
        {
            let isSecret = unsafe memcmp(hit, needle, secret.count) == 0
            if isSecret { unsafe memset(hit, CInt(UInt8(ascii: "*")), secret.count) }
            place = unsafe hit - base + (isSecret ? secret.count : 1)
        }
    }

    /// How long the secret is.
    var secretLength: Int { unsafe secret?.count ?? 0 }

    /// A token (RFC 9110 §5.6.2) that is not ``reserved``.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && !reserved.contains(name.lowercased())
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func isValue(_ value: String) -> Bool {
        !value.isEmpty && !value.hasPrefix(" ") && !value.hasSuffix(" ")
            && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    deinit {
        var node = unsafe head
        while let current = unsafe node {
            if let data = unsafe current.pointee.data { unsafe explicit_bzero(data, strlen(data)) }
            unsafe node = current.pointee.next
        }
        unsafe curl_slist_free_all(head)
    }
}
