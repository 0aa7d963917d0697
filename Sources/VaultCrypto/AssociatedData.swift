package import VaultModel

/// What a sealed box is bound to: where the row says that it belongs. It opens nowhere else.
///
/// `lp(instance) ‖ lp(project) ‖ lp(owner) ‖ lp(object id) ‖ u64be(version) ‖ lp(provider) ‖ lp(endpoint)`, where
/// `lp(x) = u32be(length) ‖ x`: every field has its length before it, so no two places give the same bytes. The box
/// puts its magic, suite, type and term before it.
package struct AssociatedData: Sendable, Equatable {
    let bytes: [UInt8]

    /// Ids are the text that the API prints; a field that the object does not have is empty.
    package init(
        instance: InstanceID, project: String = "", owner: [UInt8] = [], objectID: String, version: Int,
        provider: String = "", endpoint: String = ""
    ) {
        let instance = instance.description
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            32 + instance.utf8.count + project.utf8.count + owner.count + objectID.utf8.count
                + provider.utf8.count + endpoint.utf8.count)
        bytes.append(prefixed: instance.utf8)
        bytes.append(prefixed: project.utf8)
        bytes.append(prefixed: owner)
        bytes.append(prefixed: objectID.utf8)
        bytes.append(bigEndian: UInt64(bitPattern: Int64(version)))
        bytes.append(prefixed: provider.utf8)
        bytes.append(prefixed: endpoint.utf8)
        self.bytes = bytes
    }

    /// Where one version of a key's secret belongs; its own box and its DEK's have the same.
    init(_ binding: SecretBinding, in instance: InstanceID) {
        self.init(
            instance: instance, project: binding.projectID.description, owner: binding.owner.utf8,
            objectID: binding.keyID.description, version: binding.version,
            provider: binding.provider.description, endpoint: binding.endpoint)
    }
}

extension [UInt8] {
    /// `number`, most significant byte first.
    mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// `lp(field)`: its length as u32be, then itself.
    mutating func append(prefixed field: some Collection<UInt8>) {
        append(bigEndian: UInt32(field.count))
        append(contentsOf: field)
    }
}
