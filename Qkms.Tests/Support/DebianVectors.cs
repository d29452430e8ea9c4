using System.Numerics;

namespace Qkms.Tests.Support;

/// <summary>
/// The vectors that Debian packages as <c>python3-cryptography-vectors</c>: those of NIST's CAVP, of RSA Laboratories and of RFCs, beside
/// some that the authors of python-cryptography made. The gate installs the package.
/// </summary>
internal static class DebianVectors
{
    private const string Folder = "/usr/lib/python3/dist-packages/cryptography_vectors";

    internal static string? MissingReason => Directory.Exists(Folder) ? null : "Debian's python3-cryptography-vectors is not installed.";

    internal static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Folder, file));

    /// <summary>The records of a file of CAVP: lines of a name and a value, in sections that begin with a line in brackets.</summary>
    /// <param name="file">The file.</param>
    /// <param name="section">The section; null = a file without one.</param>
    /// <param name="last">The name that ends a record. What a record does not say, it has from the one before it.</param>
    internal static IEnumerable<Dictionary<string, string>> Records(string file, string? section, string last)
    {
        Dictionary<string, string> values = [];
        string? at = null;
        foreach (string line in Lines(file))
        {
            if (line.StartsWith('['))
                at = line.Trim('[', ']', ' ');

            int sign = line.IndexOf('=', StringComparison.Ordinal);
            if (at != section || sign <= 0 || line.StartsWith('['))
                continue;

            string name = line[..sign].Trim();
            values[name] = line[(sign + 1)..].Trim();
            if (name == last)
                yield return new(values);
        }
    }

    /// <summary>The records of a file of RSA Laboratories: values below the lines that name them, over several lines.</summary>
    /// <param name="file">The file.</param>
    /// <param name="last">The name that ends a record. What a record does not say, it has from the one before it.</param>
    internal static IEnumerable<Dictionary<string, string>> NamedRecords(string file, string last)
    {
        Dictionary<string, string> values = [];
        string name = "";
        foreach (string line in Lines(file).Append("# end:"))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal) && line.Trim().EndsWith(':'))
            {
                if (name == last)
                    yield return new(values);

                name = line.Trim()[2..^1];
                values[name] = "";
            }
            else if (name.Length > 0 && !line.StartsWith('#'))
            {
                values[name] += line.Replace(" ", "", StringComparison.Ordinal);
            }
        }
    }

    internal static byte[] Bytes(this Dictionary<string, string> record, string name) =>
        Convert.FromHexString(record[name].Length % 2 == 0 ? record[name] : $"0{record[name]}");

    internal static BigInteger Number(this Dictionary<string, string> record, string name) =>
        new(record.Bytes(name), isUnsigned: true, isBigEndian: true);

    /// <summary>A number in so many bytes, or in as many as it needs.</summary>
    internal static byte[] ToBytes(this BigInteger number, int length = 0)
    {
        byte[] bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[Math.Max(length - bytes.Length, 0)], .. bytes];
    }
}
