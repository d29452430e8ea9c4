using System.Reflection;
using System.Xml.Linq;
using Qkms.Core.Cryptography.BouncyCastle;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// A static of <see cref="MLKem"/> or <see cref="MLDsa"/> called by the name of a class of ours must not reach the platform unnoticed.
/// </summary>
public sealed class HiddenStaticsTests
{
    private const BindingFlags Statics = BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // F-31
    [Theory]
    [InlineData(typeof(MLKemManaged), 7)]
    [InlineData(typeof(MLDsaManaged), 7)]
    [InlineData(typeof(MLKemBouncyCastle), 7)]
    [InlineData(typeof(MLDsaBouncyCastle), 7)]
    public void Every_static_of_the_platform_is_hidden_or_named_in_the_remarks(Type type, int hidden)
    {
        HashSet<string> own = [.. type.GetMethods(Statics).Select(Signature)];
        string[] reached =
            [
                .. type.BaseType!.GetMethods(Statics)
                    .Where(method => !own.Contains(Signature(method)))
                    .Select(method => method.Name)
                    .Distinct()
            ];

        reached.Should().BeEquivalentTo("ImportFromPem", "ImportFromEncryptedPem", "ImportEncryptedPkcs8PrivateKey");
        string remarks = RemarksOf(type);
        reached.Should().OnlyContain(name => remarks.Contains(name, StringComparison.Ordinal), "the remarks name what they do not hide");
        own.Should().HaveCount(hidden);
    }

    // F-31
    [Fact]
    public void Classes_are_supported_whatever_the_platform_has() =>
        new[] { MLKemManaged.IsSupported, MLKemBouncyCastle.IsSupported, MLDsaManaged.IsSupported, MLDsaBouncyCastle.IsSupported }
            .Should().OnlyContain(supported => supported);

    /// <summary>Name and parameters. A call with an array or a string finds the method of the derived class that takes a span.</summary>
    private static string Signature(MethodInfo method) =>
        $"{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => Widen(parameter.ParameterType)))})";

    private static Type Widen(Type type)
    {
        if (type == typeof(byte[]))
            return typeof(ReadOnlySpan<byte>);
        return type == typeof(string) ? typeof(ReadOnlySpan<char>) : type;
    }

    private static string RemarksOf(Type type)
    {
        var documentation = XDocument.Load(Path.ChangeExtension(typeof(PqcEngine).Assembly.Location, "xml"));
        return documentation.Descendants("member")
            .Single(member => (string?)member.Attribute("name") == $"T:{type.FullName}")
            .Element("remarks")!.Value;
    }
}
