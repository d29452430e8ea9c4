namespace Qkms.Tests.Architecture;

public sealed class SourceTests
{
    [Fact]
    public void No_source_is_longer_than_400_lines() =>
        SourceFiles.Of("").Where(file => File.ReadLines(file).Count() > 400).Select(Path.GetFileName)
            .Should().BeEmpty("small files, one idea each");
}
