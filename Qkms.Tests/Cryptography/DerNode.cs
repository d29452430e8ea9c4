namespace Qkms.Tests.Cryptography;

/// <summary>A DER structure taken apart, to be put together again with one thing changed.</summary>
internal sealed class DerNode
{
    private enum LengthForm
    {
        Shortest,
        Longer,
        Indefinite,
    }

    // What may stand where it should not: every type that the structures have, and others.
    private static readonly (string Name, byte[] Der)[] _strangers =
    [
        ("an INTEGER", [0x02, 0x01, 0x05]),
        ("an OCTET STRING", [0x04, 0x01, 0x05]),
        ("a NULL", [0x05, 0x00]),
        ("a SEQUENCE", [0x30, 0x00]),
        ("[0] without attributes", [0xA0, 0x00]),
        ("[0] with an attribute", [0xA0, 0x0A, 0x30, 0x08, 0x06, 0x02, 0x2A, 0x03, 0x31, 0x02, 0x05, 0x00]),
        ("[0] with a seed", [0x80, 0x01, 0x05]),
        ("[1] with a BIT STRING", [0x81, 0x02, 0x00, 0x05]),
        ("[5]", [0x85, 0x01, 0x05]),
        ("the end of contents", [0x00, 0x00]),
    ];

    private static readonly (string Name, Action<DerNode, int> Apply)[] _changes =
    [
        .. _strangers.Select(stranger => Insertion("after", stranger, at: 0)),
        .. _strangers.Select(stranger => Insertion("before", stranger, at: 1)),
        ("removed", (parent, index) => parent._children.RemoveAt(index)),
        ("doubled", (parent, index) => parent._children.Insert(index, parent._children[index])),
        ("swapped with the last", (parent, index) =>
            (parent._children[index], parent._children[^1]) = (parent._children[^1], parent._children[index])),
        ("emptied", Rewriting(_ => [])),
        ("cut at its start", Rewriting(content => content[1..])),
        ("cut at its end", Rewriting(content => content[..^1])),
        ("continued by a zero", Rewriting(content => [.. content, 0])),
        ("continued by itself", Rewriting(content => [.. content, .. content])),
        ("changed in its first byte", Rewriting(content => [(byte)(content[0] ^ 1), .. content[1..]])),
        ("changed in its last byte", Rewriting(content => [.. content[..^1], (byte)(content[^1] ^ 1)])),
        ("wrapped once more", (parent, index) => parent._children[index].Rewrite(_ => parent._children[index].Encode())),
        ("with content 1", Rewriting(_ => [1])),
        ("with content 2", Rewriting(_ => [2])),
        ("with content -1", Rewriting(_ => [0xFF])),
        ("with content 0 in two bytes", Rewriting(_ => [0, 0])),
        ("of the other form", (parent, index) => parent._children[index]._tag ^= 0x20),
        ("of another class", (parent, index) => parent._children[index]._tag ^= 0x80),
        ("of the application class", (parent, index) => parent._children[index]._tag ^= 0x40),
        ("of the next number", (parent, index) => parent._children[index]._tag++),
        ("of the other number", (parent, index) => parent._children[index]._tag ^= 1),
        ("with a longer length", (parent, index) => parent._children[index]._form = LengthForm.Longer),
        ("with an indefinite length", (parent, index) =>
        {
            parent._children[index]._tag |= 0x20;
            parent._children[index]._form = LengthForm.Indefinite;
        }),
        ("in two pieces", (parent, index) =>
        {
            DerNode node = parent._children[index];
            int half = node.Content.Length / 2;
            node.Rewrite(content => [.. new DerNode(0x04, content[..half]).Encode(), .. new DerNode(0x04, content[half..]).Encode()]);
            node._tag |= 0x20;
        }),
    ];

    private readonly List<DerNode> _children = [];
    private readonly byte[] _primitive;
    private byte _tag;
    private byte[]? _rewritten;
    private LengthForm _form;

    private DerNode(byte tag, byte[] content) => (_tag, _primitive) = (tag, content);

    private byte[] Content => _rewritten ?? (_children.Count == 0 ? _primitive : [.. _children.SelectMany(child => child.Encode())]);

    /// <summary>
    /// The structure with each of its parts removed, doubled, cut, and so on, and with something else before and behind it.
    /// </summary>
    internal static IEnumerable<(string Change, byte[] Der)> Mutants(byte[] der)
    {
        int count = 1 + Places(Parse(der, depth: 0), string.Empty).Count();
        for (int i = 0; i < count; i++)
        {
            foreach ((string name, Action<DerNode, int> apply) in _changes)
            {
                // The structure itself is the one child of what is encoded, so that something can stand before and behind it too.
                var root = new DerNode(0, []);
                root._children.Add(Parse(der, depth: 0));
                (string path, DerNode parent, int index) = Places(root, string.Empty).ElementAt(i);
                apply(parent, index);
                byte[] changed = root.Content;
                if (!changed.AsSpan().SequenceEqual(der))
                    yield return ($"{path} {name}", changed);
            }
        }
    }

    private static IEnumerable<(string Path, DerNode Parent, int Index)> Places(DerNode parent, string path)
    {
        for (int i = 0; i < parent._children.Count; i++)
        {
            string own = $"{path}/{i}:{parent._children[i]._tag:X2}";
            yield return (own, parent, i);
            foreach ((string, DerNode, int) below in Places(parent._children[i], own))
                yield return below;
        }
    }

    private static DerNode Parse(ReadOnlySpan<byte> der, int depth)
    {
        DerNode node = Take(ref der, depth);
        return der.IsEmpty ? node : throw new InvalidDataException("There are bytes after the structure.");
    }

    // The OCTET STRING of PKCS #8 holds DER in turn.
    private static DerNode Take(ref ReadOnlySpan<byte> der, int depth)
    {
        int header = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7F);
        int length = der[1];
        if (header > 2)
        {
            length = 0;
            foreach (byte part in der[2..header])
                length = (length << 8) | part;
        }

        ReadOnlySpan<byte> content = der.Slice(header, length);
        bool isStructure = (der[0] & 0x20) != 0 || (depth == 1 && der[0] == 0x04);
        var node = new DerNode(der[0], isStructure ? [] : content.ToArray());
        der = der[(header + length)..];
        if (isStructure)
        {
            while (!content.IsEmpty)
                node._children.Add(Take(ref content, depth + 1));
        }

        return node;
    }

    private static (string Name, Action<DerNode, int> Apply) Insertion(string word, (string Name, byte[] Der) stranger, int at) =>
        ($"{word} {stranger.Name}", (parent, index) => parent._children.Insert(index + at, Parse(stranger.Der, depth: 2)));

    /// <summary>A change of the content; there is none where it is empty.</summary>
    private static Action<DerNode, int> Rewriting(Func<byte[], byte[]> change) =>
        (parent, index) => parent._children[index].Rewrite(content => content.Length == 0 ? content : change(content));

    private void Rewrite(Func<byte[], byte[]> change) => _rewritten = change(Content);

    private byte[] Encode()
    {
        byte[] content = Content;
        byte[] bytes = content.Length > 0xFF ? [(byte)(content.Length >> 8), (byte)content.Length] : [(byte)content.Length];
        return _form switch
        {
            LengthForm.Indefinite => [_tag, 0x80, .. content, 0, 0],
            LengthForm.Longer => [_tag, (byte)(0x81 + bytes.Length), 0, .. bytes, .. content],
            _ => content.Length < 0x80 ? [_tag, bytes[0], .. content] : [_tag, (byte)(0x80 + bytes.Length), .. bytes, .. content],
        };
    }
}
