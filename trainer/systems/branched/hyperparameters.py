"""Every hyperparameter of the network and its training; one set of defaults serves every site."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class InputHyperparameters:
    """What is read of a question. Most questions fit.

    Attributes:
        title_words: the first so many are read in order.
        body_words: the same, without common words.
        bag_words: different words of the body.
        terms: different words and pairs of title and body.
        word_uses: a word that the site uses less often is unknown.
        pair_questions: a pair of words that fewer questions have is unknown.
        most_words: that are known.
        most_pairs: that are known.
        common_share: words in a larger share of the questions are common.
    """

    title_words: int = 24
    body_words: int = 80
    bag_words: int = 160
    terms: int = 256
    word_uses: int = 2
    pair_questions: int = 5
    most_words: int = 40_000
    most_pairs: int = 40_000
    common_share: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphHyperparameters:
    """Widths of the network, and the dropouts between them.

    Attributes:
        meaning_size: dimensions of the embeddings by co-occurrence.
        topic_size: dimensions of the embeddings by latent semantic analysis.
        filters: of each width of convolution.
        title_widths: of the convolutions over the title, in words.
        body_widths: the same over the body.
        spatial_dropout: share of a word vector's dimensions that the convolutions miss.
        conv_dropout: share of their features that their head misses.
        document_dropout: share of the document vector that a reader misses.
        hidden: units of a reader.
        hidden_dropout: share of these that its logits miss.
        readers: networks over the document vector, and the sentence vector beside it where that is
            read, alike but for their first weights.
    """

    meaning_size: int = 200
    topic_size: int = 200
    filters: int = 160
    title_widths: tuple[int, ...] = (1, 2, 3)
    body_widths: tuple[int, ...] = (1, 2)
    spatial_dropout: float = 0.2
    conv_dropout: float = 0.5
    document_dropout: float = 0.3
    hidden: int = 512
    hidden_dropout: float = 0.6
    readers: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FitHyperparameters:
    """How the branches are fitted.

    Attributes:
        table_questions: word embeddings are made from so many questions at most.
        auxiliary_uses: a tag beside the labels is learned too where so many questions have it,
            and thrown away afterwards.
        auxiliary_tags: at most.
        conv_epochs: of the convolutions; a site with few questions gets more, see conv_steps.
        conv_steps: at least so many of the convolutions.
        conv_batch: questions of one of their steps.
        conv_rate: their highest learning rate.
        conv_decay: of their weights but the tables, by AdamW.
        last_rate: of the convolutions' one more pass, in which the validation part is learned.
        word_dropout: share of words that the convolutions see as unknown.
        reader_epochs: of each reader; a site with few questions gets more, see reader_steps.
        reader_steps: at least so many of each reader.
        reader_batch: questions of one of its steps.
        reader_rate: its highest learning rate.
        reader_decay: of its weights, by AdamW.
        warm_up: share of the steps in which the learning rate rises.
        loss_scale: mean cross-entropy over hundreds of tags is tiny; Adam's epsilon must not
            notice.
        teacher_folds: of the training part, for each of which a teacher is fitted to the others.
        teacher_share: of what readers learn; the rest is the tags themselves.
        told_components: of sentence vectors, as terms tell them where there is a teacher.
        term_epochs: of the ridge classifiers over weighted terms.
        term_ridge: what the squared length of a label's weights costs, beside squared errors.
        term_labels: so many of the most frequent labels have weighted terms; rarer ones would be
            learned by heart, and their table would fill the memory.
        fold_questions: a site with fewer is cross-validated, and has no convolutions.
        folds: of such a site, for each of which readers and terms are fitted to the others.
    """

    table_questions: int = 40_000
    auxiliary_uses: int = 6
    auxiliary_tags: int = 500
    conv_epochs: int = 8
    conv_steps: int = 500
    conv_batch: int = 128
    conv_rate: float = 3e-3
    conv_decay: float = 1e-4
    last_rate: float = 3e-4
    word_dropout: float = 0.1
    reader_epochs: int = 14
    reader_steps: int = 220
    reader_batch: int = 128
    reader_rate: float = 2e-3
    reader_decay: float = 1e-3
    warm_up: float = 0.1
    loss_scale: float = 100.0
    teacher_folds: int = 5
    teacher_share: float = 0.5
    told_components: int = 256
    term_epochs: int = 10
    term_ridge: float = 1.5
    term_labels: int = 200
    fold_questions: int = 1100
    folds: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """All of them."""

    inputs: InputHyperparameters = field(default_factory=InputHyperparameters)
    graph: GraphHyperparameters = field(default_factory=GraphHyperparameters)
    fit: FitHyperparameters = field(default_factory=FitHyperparameters)
