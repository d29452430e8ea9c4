using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Qkms.Storage.Migrations;

/// <summary>One numbered script of the schema. It never changes after its release; the next change is the next script.</summary>
/// <param name="Number">Its place in the order, from 1.</param>
/// <param name="Name">The file name, <c>0001_initial</c>.</param>
/// <param name="Sql">The script.</param>
internal sealed record Migration(int Number, string Name, string Sql)
{
    private const string Extension = ".sql";

    /// <summary>SHA-256 of the script, by which a changed one is seen.</summary>
    public byte[] Hash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Sql));

    /// <summary>The scripts of one database in their order.</summary>
    /// <param name="folder">The folder under <c>Migrations/</c>, <c>Sqlite</c>.</param>
    public static IReadOnlyList<Migration> For(string folder)
    {
        string prefix = $"{typeof(Migration).Namespace}.{folder}.";
        return
        [
            .. typeof(Migration).Assembly.GetManifestResourceNames()
                .Where(resource => resource.StartsWith(prefix, StringComparison.Ordinal))
                .Where(resource => resource.EndsWith(Extension, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select((resource, index) => Read(resource, index + 1, resource[prefix.Length..^Extension.Length])),
        ];
    }

    private static Migration Read(string resource, int number, string name)
    {
        using StreamReader reader = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!, Encoding.UTF8);

        // A checkout with other line ends is the same script.
        return new Migration(number, name, reader.ReadToEnd().ReplaceLineEndings("\n"));
    }
}
