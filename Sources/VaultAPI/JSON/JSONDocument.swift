package import VaultModel

/// A JSON text that has been checked whole, with its bytes, which are wiped when it goes.
package struct JSONDocument: ~Copyable, Sendable {
    private let text: WipedBuffer
    private let nodes: [JSONNode]

    /// - Throws: `invalid_json` or `duplicate_member`.
    package init(_ text: consuming WipedBuffer) throws(Problem) {
        nodes = try text.withBytes { bytes throws(Problem) in try JSONScanner.scan(bytes) }
        self.text = text
    }

    /// The index of the whole value.
    static let root = 0

    func kind(_ node: Int) -> JSONNode.Kind { nodes[node].kind }

    func string(_ node: Int) -> String {
        text.withBytes { bytes in JSONText.string(nodes[node], bytes) }
    }

    func wiped(_ node: Int) -> WipedBuffer {
        text.withBytes { bytes in JSONText.wiped(nodes[node], bytes) }
    }

    func isString(_ node: Int, _ other: String) -> Bool {
        text.withBytes { bytes in JSONText.isEqual(nodes[node], to: other, bytes) }
    }

    /// Where the nodes below `node` begin, one after the other by ``next(_:)``: elements, or name and value.
    func first(in node: Int) -> Int { node + 1 }

    /// Where the nodes below `node` end.
    func end(of node: Int) -> Int { nodes[node].next }

    /// The node after `node` and all below it.
    func next(_ node: Int) -> Int { nodes[node].next }

    /// The value of the member `name` of an object.
    func value(named name: String, in object: Int) -> Int? {
        text.withBytes { bytes in
            var member = object + 1
            while member < nodes[object].next {
                if JSONText.isEqual(nodes[member], to: name, bytes) { return member + 1 }
                member = nodes[member + 1].next
            }
            return nil
        }
    }

    /// The index in `members` of the declaration that the member name `node` has.
    func declaration(of node: Int, in members: [MemberDeclaration]) -> Int? {
        text.withBytes { bytes in
            members.firstIndex { JSONText.isEqual(nodes[node], to: $0.name, bytes) }
        }
    }
}
