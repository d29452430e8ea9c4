using System.Buffers;
using System.Text;

namespace Qkms.Core.Pkcs11;

/// <summary>
/// Which secret key in which token, as a PKCS #11 URI (RFC 7512): <c>pkcs11:token=hsm;object=qkms</c>. It takes the attributes that name a
/// token (<c>token</c>, <c>serial</c>, <c>manufacturer</c>, <c>model</c>) and a key (<c>object</c>, <c>id</c>, and the type
/// <c>secret-key</c>), and refuses all others: those that name a module, a slot or a PIN have a place of their own.
/// </summary>
internal sealed class TokenKeyUri
{
    private const string Scheme = "pkcs11:";
    private const int MaxLength = 1024;

    private const string Token = "token";
    private const string Serial = "serial";
    private const string Manufacturer = "manufacturer";
    private const string Model = "model";
    private const string Object = "object";
    private const string Id = "id";
    private const string Type = "type";
    private const string SecretKey = "secret-key";

    // In the order in which they are written.
    private static readonly string[] _known = [Token, Serial, Manufacturer, Model, Object, Id, Type];

    // What may stand in a value as it is: pk11-pchar of section 2.3.
    private static readonly SearchValues<char> _unescaped = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]@!$'()*+,=&");

    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, byte[]> _attributes;

    private TokenKeyUri(Dictionary<string, byte[]> attributes)
    {
        _attributes = attributes;
        Text = Scheme + string.Join(';', _known.Where(attributes.ContainsKey).Select(name => $"{name}={Write(name, attributes[name])}"));
    }

    /// <summary>The label of the key in UTF-8; null where the id alone names it.</summary>
    public byte[]? KeyLabel => _attributes.GetValueOrDefault(Object);

    /// <summary>The id of the key; null where the label alone names it.</summary>
    public byte[]? KeyId => _attributes.GetValueOrDefault(Id);

    /// <summary>
    /// The one way to write it: attributes in a fixed order, without the type, which is always the same. Two URIs name the same key by the
    /// same attributes exactly when their texts are equal.
    /// </summary>
    public string Text { get; }

    /// <summary>Reads one.</summary>
    /// <param name="text">The URI.</param>
    /// <exception cref="TokenException">It is none, names no key, or has an attribute that is not taken.</exception>
    public static TokenKeyUri Parse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw Refused("it does not begin with 'pkcs11:'");

        if (text.Length > MaxLength)
            throw Refused($"it is longer than {MaxLength} characters");

        int end = text.IndexOf('?', StringComparison.Ordinal);
        if (end >= 0)
            RefuseQuery(text[(end + 1)..]);

        Dictionary<string, byte[]> attributes = new(StringComparer.Ordinal);
        foreach (string part in text[Scheme.Length..(end < 0 ? text.Length : end)].Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            (string name, string value) = Split(part);
            RefuseElsewhere(name);
            if (!_known.Contains(name))
                throw Refused($"{Shown(name)} is not an attribute that is taken");

            if (!attributes.TryAdd(name, Decode(name, value)))
                throw Refused($"'{name}' is there twice");
        }

        return Checked(attributes);
    }

    /// <summary>Whether a token is the one; what the URI does not say of it may be anything.</summary>
    /// <param name="label">Its label, without the blanks at the end; so are the others.</param>
    /// <param name="serial">Its serial number.</param>
    /// <param name="manufacturer">Who made it.</param>
    /// <param name="model">What it is.</param>
    public bool IsIn(string label, string serial, string manufacturer, string model) =>
        Fits(Token, label) && Fits(Serial, serial) && Fits(Manufacturer, manufacturer) && Fits(Model, model);

    /// <summary>The URI as it is written.</summary>
    public override string ToString() => Text;

    private bool Fits(string name, string value) =>
        !_attributes.TryGetValue(name, out byte[]? wanted) || _strict.GetString(wanted) == value;

    private static TokenKeyUri Checked(Dictionary<string, byte[]> attributes)
    {
        if (attributes.Remove(Type, out byte[]? type) && !type.AsSpan().SequenceEqual("secret-key"u8))
            throw Refused($"its type is not {SecretKey}");

        if (!IsThere(Token) && !IsThere(Serial))
            throw Refused("it names no token: say token=… or serial=…");

        if (!IsThere(Object) && !IsThere(Id))
            throw Refused("it names no key: say object=… or id=…");

        return new TokenKeyUri(attributes);

        bool IsThere(string name) => attributes.GetValueOrDefault(name) is { Length: > 0 };
    }

    private static void RefuseQuery(string query)
    {
        foreach (string part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            (string name, _) = Split(part);
            RefuseElsewhere(name);
            throw Refused($"{Shown(name)} is not an attribute that is taken");
        }
    }

    private static void RefuseElsewhere(string name)
    {
        string? place = name switch
        {
            "module-path" or "module-name" or "library-manufacturer" or "library-description" or "library-version" =>
                $"the module is the one whose path is in {TokenVariables.Module}",
            "pin-value" or "pin-source" => $"the PIN is in the file that {TokenVariables.Pin} names",
            "slot-id" or "slot-description" or "slot-manufacturer" =>
                "a token may be in another slot tomorrow: name it by token= or serial=",
            _ => null,
        };
        if (place is not null)
            throw Refused($"'{name}' does not belong there: {place}");
    }

    private static (string Name, string Value) Split(string part)
    {
        int sign = part.IndexOf('=', StringComparison.Ordinal);
        return sign > 0 ? (part[..sign], part[(sign + 1)..]) : throw Refused("one of its attributes has no name or no value");
    }

    private static byte[] Decode(string name, string value)
    {
        List<byte> bytes = [];
        for (int i = 0; i < value.Length; i++)
        {
            if (_unescaped.Contains(value[i]))
            {
                bytes.Add((byte)value[i]);
                continue;
            }

            if (value[i] != '%')
                throw Refused($"'{name}' has a character that must be percent-encoded");

            if (i + 2 >= value.Length || !char.IsAsciiHexDigit(value[i + 1]) || !char.IsAsciiHexDigit(value[i + 2]))
                throw Refused($"'{name}' has a % without two hexadecimal digits");

            bytes.AddRange(Convert.FromHexString(value.AsSpan(i + 1, 2)));
            i += 2;
        }

        byte[] decoded = [.. bytes];
        if (name != Id && !System.Text.Unicode.Utf8.IsValid(decoded))
            throw Refused($"'{name}' is not UTF-8");

        return decoded;
    }

    private static string Write(string name, byte[] value) =>
        name == Id ? string.Concat(value.Select(part => $"%{part:X2}")) : Uri.EscapeDataString(_strict.GetString(value));

    // It may be anything that somebody has typed in the wrong place.
    private static string Shown(string name) =>
        name.Length <= 32 && name.All(c => char.IsAsciiLetterLower(c) || c == '-') ? $"'{name}'" : "one of its names";

    private static TokenException Refused(string why) => new(
        $"The PKCS #11 URI cannot be used: {why}. It names the token and the key: pkcs11:token=<label>;object=<label>, with serial= and "
        + "id= where they are needed.");
}
