import COpenSSL
import Testing
import VaultModel

@testable import VaultCrypto

struct SecureHeapTests {
    @Test func `any number of threads may install the heap, and secrets lie on it`() async throws {
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { #expect(throws: Never.self) { try SecureHeap.install() } }
            }
        }
        let secret = try Random.secret(32)
        #expect(secret.withUnsafeBytes { CRYPTO_secure_allocated($0.baseAddress) } == 1)
        #expect(SecureHeap.bytesInUse >= 32)
    }

    @Test func `an opened secret and a derived one lie on the secure heap`() throws {
        let key = try Random.secret(32)
        let place = Place().data
        let blob = try SealedBox.seal(
            Array("sk-one".utf8).span.bytes, type: .secret, term: 0, boundTo: place, under: key)
        let opened = try SealedBox.open(blob, type: .secret, term: 0, boundTo: place, under: key)
        #expect(opened.withUnsafeBytes { CRYPTO_secure_allocated($0.baseAddress) } == 1)
        let derived = try Purpose.key("row-mac", from: key)
        #expect(derived.withUnsafeBytes { CRYPTO_secure_allocated($0.baseAddress) } == 1)
    }

    @Test func `a full heap is an error of its own, nothing falls back, and room that is freed serves again`()
        async throws
    {
        await #expect(processExitsWith: .success) {
            let master = try Random.secret(32)
            let keyring = try Keyring.create(master: master, instance: Sample.instance).0
            let sealed = try keyring.seal(secret("sk-one"), for: Sample.binding())
            let used = SecureHeap.bytesInUse
            // The largest pieces first, then what is left down to the smallest.
            var held: [HeldKey] = []
            for size in [65_536, 4096, 256, 32] {
                do throws(CryptoError) {
                    while true { held.append(HeldKey(try Random.secret(size))) }
                } catch {
                    #expect(error == .heapExhausted)
                }
            }
            #expect(SecureHeap.bytesInUse == SecureHeap.capacity)
            #expect(throws: CryptoError.heapExhausted) { _ = try keyring.open(sealed, for: Sample.binding()) }
            #expect(throws: CryptoError.heapExhausted) { _ = try Random.secret(32) }
            #expect(throws: CryptoError.heapExhausted) { _ = try Purpose.key("row-mac", from: master) }
            #expect(ERR_peek_error() == 0)
            held = []
            #expect(SecureHeap.bytesInUse == used)
            #expect(copy(try keyring.open(sealed, for: Sample.binding())) == Array("sk-one".utf8))
        }
    }

    @Test
    func `M05 of ten thousand holders at once some get a piece of the heap, the others none, and none another memory`()
        async
    {
        await #expect(processExitsWith: .success) {
            try SecureHeap.install()
            let pieces = await withTaskGroup(of: [HeldKey?].self) { group in
                for _ in 0..<100 {
                    group.addTask { (0..<100).map { _ in Self.piece() } }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            let held = pieces.compactMap { $0 }
            #expect(pieces.count == 10_000 && held.count == SecureHeap.capacity / 512)
            #expect(held.allSatisfy { $0.bytes.withUnsafeBytes { CRYPTO_secure_allocated($0.baseAddress) } == 1 })
            #expect(SecureHeap.bytesInUse == SecureHeap.capacity)
            #expect(throws: CryptoError.heapExhausted) { _ = try Random.secret(512) }
        }
    }

    private static func piece() -> HeldKey? {
        let zeros = [UInt8](repeating: 0, count: 512)
        do { return HeldKey(try SecretBytes(copying: zeros.span.bytes)) } catch { return nil }
    }

    @Test func `a heap that somebody else made is not taken for ours`() async {
        await #expect(processExitsWith: .success) {
            #expect(CRYPTO_secure_malloc_init(1 << 16, 32) == 1)
            #expect(throws: CryptoError.heapUnavailable) { try SecureHeap.install() }
            #expect(throws: CryptoError.heapUnavailable) { _ = try Random.secret(32) }
        }
    }

    @Test func `a refused box leaves nothing in the library's error queue`() throws {
        let key = try Random.secret(32)
        let blob = try SealedBox.seal(
            Array("sk-one".utf8).span.bytes, type: .secret, term: 0, boundTo: Place().data, under: key)
        for index in blob.indices {
            var changed = blob
            changed[index] ^= 0x80
            let refused = isRefused { () throws(CryptoError) in
                try SealedBox.open(changed, type: .secret, term: 0, boundTo: Place().data, under: key)
            }
            #expect(refused)
            #expect(ERR_peek_error() == 0, "byte \(index)")
        }
    }

    @Test func `comparison in constant time compares`() {
        #expect(ConstantTime.areEqual([], []))
        #expect(ConstantTime.areEqual([1, 2], [1, 2]))
        #expect(!ConstantTime.areEqual([1, 2], [1, 3]))
        #expect(!ConstantTime.areEqual([1, 2], [1, 2, 0]))
    }

    @Test func `random bytes have the length asked for and do not repeat`() throws {
        #expect(try Random.bytes(0).isEmpty)
        #expect(try Random.bytes(32).count == 32)
        let drawn = try (0..<1000).map { _ in try Random.bytes(12) }
        #expect(Set(drawn).count == 1000)
        #expect(copy(try Random.secret(32)) != copy(try Random.secret(32)))
    }
}
