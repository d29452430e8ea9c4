using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Qkms.Core.Cryptography.Rfc9106;

namespace Qkms.Core.Keyrings;

/// <summary>
/// A root key that is made of a passphrase by Argon2id (RFC 9106), with the parameters and the salt in the wrapping, in the form of the PHC
/// string format: <c>$argon2id$v=19$m=65536,t=3,p=4$&lt;salt&gt;</c>.
/// </summary>
internal sealed partial class PassphraseKind : IRootKeyKind
{
    /// <summary>The word for it.</summary>
    public const string KindName = "passphrase";

    private const int SaltSize = 16;

    /// <inheritdoc/>
    public string Name => KindName;

    /// <summary>A new root key of a passphrase, and the parameters for its wrapping.</summary>
    public static (RootKey RootKey, string Parameters) Create(Passphrase passphrase)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltSize);
        return (Derive(passphrase, Argon2Cost.Usual, salt), Write(Argon2Cost.Usual, salt));
    }

    /// <inheritdoc/>
    public ValueTask<RootKey?> FindAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken)
    {
        if (secrets.Passphrases.Count == 0 || TryRead(wrapper.Parameters) is not var (cost, salt))
            return default;

        foreach (Passphrase passphrase in secrets.Passphrases)
        {
            RootKey found = Derive(passphrase, cost, salt);
            if (found.Id == wrapper.RootKeyId)
                return new ValueTask<RootKey?>(found);

            found.Dispose();
        }

        return default;
    }

    /// <inheritdoc/>
    public string Describe(RootWrapper wrapper) => TryRead(wrapper.Parameters) is var (cost, _)
        ? string.Create(CultureInfo.InvariantCulture, $"Argon2id, {cost.MemoryKiB / 1024} MiB, {cost.Passes} passes, {cost.Lanes} lanes")
        : "parameters that no release writes";

    private static RootKey Derive(Passphrase passphrase, Argon2Cost cost, byte[] salt)
    {
        SecretBytes key = SecretBytes.Allocate(RootKey.Size, out Span<byte> destination);
        Argon2id.Derive(passphrase.Text.Span, salt, cost, destination);
        return new RootKey(key, passphrase.Source);
    }

    private static string Write(Argon2Cost cost, byte[] salt) => string.Create(
        CultureInfo.InvariantCulture,
        $"$argon2id$v=19$m={cost.MemoryKiB},t={cost.Passes},p={cost.Lanes}${Convert.ToBase64String(salt).TrimEnd('=')}");

    // Somebody else may have written them: no memory is taken that no release asks for.
    private static (Argon2Cost Cost, byte[] Salt)? TryRead(string parameters)
    {
        if (Form().Match(parameters) is not { Success: true, Groups: var groups })
            return null;

        Argon2Cost cost = new(Number("m"), Number("t"), Number("p"));
        return cost.IsSensible ? (cost, Convert.FromBase64String(groups["salt"].Value + "==")) : null;

        int Number(string name) => int.Parse(groups[name].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(
        @"^\$argon2id\$v=19\$m=(?<m>[1-9][0-9]{0,7}),t=(?<t>[1-9][0-9]?),p=(?<p>[1-9][0-9]?)\$(?<salt>[A-Za-z0-9+/]{21}[AQgw])\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
