using System.Globalization;
using System.Text.RegularExpressions;
using Qkms.Core.Cryptography.Shamir;

namespace Qkms.Core.Keyrings;

/// <summary>
/// A root key that nobody has: it was split (<see cref="SecretSharing"/>), and a number of the shares give it again. The wrapping has both
/// numbers: <c>$shamir$k=3,n=5</c>.
/// </summary>
internal sealed partial class SharesKind : IRootKeyKind
{
    /// <summary>The word for it.</summary>
    public const string KindName = "shares";

    /// <inheritdoc/>
    public string Name => KindName;

    /// <summary>A new root key, the parameters for its wrapping, and the text of each share. Keys and texts end with the caller.</summary>
    /// <param name="count">How many shares there are: at most <see cref="SecretSharing.MostShares"/>.</param>
    /// <param name="threshold">How many of them give the root key: 2 or more.</param>
    public static (RootKey RootKey, string Parameters, IReadOnlyList<SecretBytes> Shares) Create(int count, int threshold)
    {
        SecretBytes key = SecretBytes.Random(RootKey.Size);
        int size = SecretSharing.ShareSize(key.Length);
        using SecretBytes all = SecretBytes.Allocate(count * size, out Span<byte> shares);
        SecretSharing.Split(key.Span, shares, threshold);
        RootKey rootKey = new(key, "shares");
        List<SecretBytes> texts = [];
        for (int i = 0; i < count; i++)
            texts.Add(ShareText.Write(rootKey.Id, shares.Slice(i * size, size)));

        return (rootKey, string.Create(CultureInfo.InvariantCulture, $"$shamir$k={threshold},n={count}"), texts);
    }

    /// <summary>Tries the written shares: each takes part at least once, with as many others as it takes.</summary>
    /// <exception cref="RootKeyException">They do not give the root key.</exception>
    public static void Prove(RootKey rootKey, IReadOnlyList<SecretBytes> shares, int threshold)
    {
        for (int first = 0; first < shares.Count; first += threshold)
        {
            RootKeyShare[] read =
                [.. shares.Skip(Math.Min(first, shares.Count - threshold)).Take(threshold).Select(text => RootKeyShare.Read(text.Span))];
            using RootKey found = Combine(read);
            Array.ForEach(read, share => share.Dispose());
            if (found.Id != rootKey.Id)
                throw new RootKeyException("The shares do not give the root key that was split: nothing was stored.");
        }
    }

    /// <summary>How many shares a wrapping wants; null where its parameters are none that a release writes.</summary>
    public static int? FindThreshold(RootWrapper wrapper) => TryRead(wrapper.Parameters)?.Threshold;

    /// <summary>Whether a share says that it is of the root key of a wrapping.</summary>
    public static bool IsOf(RootKeyShare share, RootWrapper wrapper) =>
        wrapper.Kind == KindName && share.Tag == ShareText.TagOf(wrapper.RootKeyId);

    /// <inheritdoc/>
    public ValueTask<RootKey?> FindAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken)
    {
        RootKeyShare[] mine = [.. secrets.Shares.Where(share => IsOf(share, wrapper))];
        if (FindThreshold(wrapper) is not { } threshold || mine.Length < threshold)
            return default;

        RootKey found = Combine(mine.AsSpan(0, threshold));
        if (found.Id == wrapper.RootKeyId)
            return new ValueTask<RootKey?>(found);

        found.Dispose();
        return default;
    }

    /// <inheritdoc/>
    public string Describe(RootWrapper wrapper) => TryRead(wrapper.Parameters) is var (threshold, count)
        ? string.Create(CultureInfo.InvariantCulture, $"{threshold} of {count} shares")
        : "parameters that no release writes";

    /// <summary>What shares give: the root key, or, of shares that do not belong together, another one.</summary>
    internal static RootKey Combine(ReadOnlySpan<RootKeyShare> shares)
    {
        int size = SecretSharing.ShareSize(RootKey.Size);
        using SecretBytes all = SecretBytes.Allocate(shares.Length * size, out Span<byte> joined);
        for (int i = 0; i < shares.Length; i++)
            shares[i].Bytes.Span.CopyTo(joined[(i * size)..]);

        SecretBytes key = SecretBytes.Allocate(RootKey.Size, out Span<byte> destination);
        SecretSharing.Combine(joined, destination);
        return new RootKey(key, "shares");
    }

    private static (int Threshold, int Count)? TryRead(string parameters)
    {
        if (Form().Match(parameters) is not { Success: true, Groups: var groups })
            return null;

        (int threshold, int count) = (Number("k"), Number("n"));
        return threshold >= 2 && threshold <= count && count <= SecretSharing.MostShares ? (threshold, count) : null;

        int Number(string name) => int.Parse(groups[name].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^\$shamir\$k=(?<k>[1-9][0-9]{0,2}),n=(?<n>[1-9][0-9]{0,2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
