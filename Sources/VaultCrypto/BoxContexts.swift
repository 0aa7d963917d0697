/// The OpenSSL contexts that seal and open boxes; for one caller at a time.
final class BoxContexts: Sendable {
    let mac: HMACContext
    let sealing: AESGCM
    let opening: AESGCM

    init() throws(CryptoError) {
        mac = try HMACContext(.sha512)
        sealing = try AESGCM(.sealing)
        opening = try AESGCM(.opening)
    }

    /// Forgets the keys of the boxes that were sealed and opened here.
    func forget() -> Bool {
        let forgotten = [mac.forget(), sealing.forget(), opening.forget()]
        return !forgotten.contains(false)
    }

    static let pool = Pool<BoxContexts>(making: BoxContexts.init, cleaning: { $0.forget() })
}
